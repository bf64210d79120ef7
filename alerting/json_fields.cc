#include "alerting/json_fields.h"

#include <exception>
#include <stdexcept>
#include <utility>

#include "alerting/text.h"
#include "analysis/base/json.h"
#include "analysis/base/utf8.h"

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxEntryRunes = 300;  // enough to know which one it is

}  // namespace

json::object ParseSaved(std::string_view text, std::int64_t version) {
  // What was saved by a version that wrote names as the programs spell them is to be read, too.
  json::value root = json::parse(ToUtf8(text));
  json::object& in = root.as_object();
  if (in.at("version").to_number<std::int64_t>() != version)
    throw std::invalid_argument("of another version");
  return std::move(in);
}

void TakeEntries(const json::object& in, std::string_view name,
                 const std::function<void(const json::value&)>& take,
                 std::vector<std::string>& passed_over) {
  for (const json::value& entry : in.at(name).as_array()) {
    try {
      take(entry);
    } catch (const std::exception& e) {
      passed_over.push_back(std::string(name) + ": " + e.what() + ": " +
                            CutEnd(ToJson(entry), kMaxEntryRunes));
    }
  }
}

std::string TextField(const json::object& in, std::string_view name) {
  return std::string(in.at(name).as_string());
}

Time TimeField(const json::object& in, std::string_view name) {
  return FromUnixMillis(in.at(name).to_number<std::int64_t>());
}

std::optional<Time> OptionalTimeField(const json::object& in, std::string_view name) {
  return in.contains(name) ? std::optional(TimeField(in, name)) : std::nullopt;
}

void PutTime(json::object& out, std::string_view name, const std::optional<Time>& time) {
  if (time) out[name] = ToUnixMillis(*time);
}

}  // namespace heapwatch
