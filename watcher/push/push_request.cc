#include "watcher/push/push_request.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "analysis/base/utf8.h"
#include "config/targets.h"
#include "watcher/push/multipart.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostLabels = 32;
constexpr std::size_t kMostValueBytes = 1024;

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<void> CheckLabels(const Labels& labels) {
  if (labels.size() > kMostLabels) return Bad("more than 32 labels");
  for (const auto& [name, value] : labels) {
    if (!IsLabelName(name) || name.starts_with("__"))
      return Bad("\"" + name + "\" is not a label name: use letters, digits and _, no digit first");
    if (value.size() > kMostValueBytes) return Bad(name + ": is longer than 1 KiB");
    if (ToUtf8(value) != value) return Bad(name + ": is not UTF-8");
  }
  return {};
}

// Fills in what says whose heap it is.
Result<void> Complete(Labels& labels, const std::string& peer) {
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  if (!labels.contains("service") && !labels.contains("job"))
    return Bad("whose heap is it? Give `service` or `job`");
  labels.emplace("job", Get(labels, "service"));
  labels.emplace("service", Get(labels, "job"));
  for (const char* name : {"pod", "hostname", "host"}) {
    if (!labels.contains("instance") && labels.contains(name))
      labels.emplace("instance", Get(labels, name));
  }
  labels.emplace("instance", peer);
  return CheckLabels(labels);
}

// Names of tags may hold dots and dashes, those of labels not.
std::string LabelName(std::string_view tag) {
  std::string name(tag);
  for (char& c : name)
    if (c == '.' || c == '-' || c == '/') c = '_';
  return name;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// app{tag=value,tag2=value2}; values may stand in quotes.
Result<Labels> ParseName(std::string_view text) {
  const std::size_t brace = std::min(text.find('{'), text.size());
  Labels labels;
  labels["service"] = std::string(Trim(text.substr(0, brace)));
  std::string_view tags = text.substr(brace);
  if (tags.empty()) return labels;
  if (!tags.ends_with('}')) return Bad("name: \"" + std::string(text) + "\" lacks its }");
  tags = tags.substr(1, tags.size() - 2);
  while (!tags.empty()) {
    const std::size_t comma = std::min(tags.find(','), tags.size());
    const std::string_view tag = Trim(tags.substr(0, comma));
    tags.remove_prefix(std::min(comma + 1, tags.size()));
    if (tag.empty()) continue;
    const std::size_t equals = tag.find('=');
    if (equals == std::string_view::npos)
      return Bad("name: \"" + std::string(tag) + "\" is not tag=value");
    std::string_view value = Trim(tag.substr(equals + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    const std::string_view name = Trim(tag.substr(0, equals));
    // Pyroscope's own tags (__session_id__, ...) change with each process.
    if (!name.starts_with("__")) labels[LabelName(name)] = std::string(value);
  }
  return labels;
}

// Unix time as agents write it: seconds, or by its length milliseconds, micro- or nanoseconds.
Result<std::optional<Time>> ParseUnix(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 0)
    return Bad("until: \"" + std::string(text) + "\" is not Unix time");
  constexpr std::int64_t kMostSeconds = 100'000'000'000;
  std::int64_t ms = value;
  if (value < kMostSeconds)
    ms = value * 1000;
  else
    while (ms >= kMostSeconds * 1000) ms /= 1000;
  return Time(Duration(ms));
}

// Whether a sample_type_config says that alloc values are not cumulative.
Result<bool> SaysDelta(std::string_view text) {
  if (text.empty()) return false;
  json::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return Bad("sample_type_config: is not a JSON object");
  for (const char* type : {"alloc_space", "alloc_objects"}) {
    const json::value* entry = value.as_object().if_contains(type);
    if (entry == nullptr || !entry->is_object()) continue;
    const json::value* cumulative = entry->as_object().if_contains("cumulative");
    // Agents leave out what is false.
    if (cumulative == nullptr || !cumulative->is_bool() || !cumulative->as_bool()) return true;
  }
  return false;
}

}  // namespace

Result<PushRequest> ParsePush(const HttpRequest& request, Time now) {
  PushRequest push;
  push.profile = request.body;
  for (const auto& [name, value] : request.query) {
    if (request.query.count(name) > 1) return Bad("\"" + name + "\" is given twice");
    if (name == "time") {
      const auto time = ParseTime(value, now);
      if (!time) return Fail(time.error().In("time"));
      push.time = *time;
    } else if (name == "alloc") {
      if (value != "delta" && value != "cumulative")
        return Bad("alloc: \"" + value + "\" is neither cumulative nor delta");
      push.alloc_is_delta = value == "delta";
    } else {
      push.labels[name] = value;
    }
  }
  if (auto complete = Complete(push.labels, request.peer); !complete) return Fail(complete.error());
  return push;
}

Result<PushRequest> ParseIngest(const HttpRequest& request, Time) {
  PushRequest push;
  const std::string_view format = request.Query("format");
  if (!format.empty() && format != "pprof")
    return Bad("format: \"" + std::string(format) +
               "\" holds no heap that can be read; send pprof");
  auto labels = ParseName(request.Query("name"));
  if (!labels) return Fail(labels.error());
  push.labels = *std::move(labels);
  const auto until = ParseUnix(request.Query("until"));
  if (!until) return Fail(until.error());
  push.time = *until;
  if (auto complete = Complete(push.labels, request.peer); !complete) return Fail(complete.error());
  push.profile = request.body;
  const std::string_view type = Get(request.headers, "content-type");
  if (!type.starts_with("multipart/form-data")) return push;
  const auto fields = ParseMultipart(type, request.body);
  if (!fields) return Fail(fields.error());
  const auto profile = fields->find("profile");
  if (profile == fields->end()) return Bad("the form has no field `profile`");
  push.profile = profile->second;
  const auto config = fields->find("sample_type_config");
  const auto delta = SaysDelta(config == fields->end() ? std::string_view() : config->second);
  if (!delta) return Fail(delta.error());
  push.alloc_is_delta = *delta;
  return push;
}

}  // namespace heapwatch
