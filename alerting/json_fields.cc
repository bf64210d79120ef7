#include "alerting/json_fields.h"

namespace heapwatch {

namespace json = boost::json;

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
