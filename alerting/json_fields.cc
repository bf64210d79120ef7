#include "alerting/json_fields.h"

#include <stdexcept>
#include <utility>

namespace heapwatch {

namespace json = boost::json;

json::object ParseSaved(std::string_view text, std::int64_t version) {
  json::value root = json::parse({text.data(), text.size()});
  json::object& in = root.as_object();
  if (in.at("version").to_number<std::int64_t>() != version)
    throw std::invalid_argument("of another version");
  return std::move(in);
}

json::object LabelsToJson(const Labels& labels) {
  json::object out;
  for (const auto& [name, value] : labels) out[name] = value;
  return out;
}

Labels LabelsFromJson(const json::value& in) {
  Labels labels;
  for (const auto& [name, value] : in.as_object())
    labels.emplace(std::string(name), std::string(value.as_string()));
  return labels;
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
