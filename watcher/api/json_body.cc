#include "watcher/api/json_body.h"

#include <algorithm>
#include <utility>

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBodyBytes = 64U << 10;

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::string Listed(std::initializer_list<std::string_view> names) {
  std::string listed;
  for (const std::string_view name : names) listed.append(listed.empty() ? "" : ", ").append(name);
  return listed;
}

}  // namespace

Result<JsonBody> JsonBody::Read(const HttpRequest& request,
                                std::initializer_list<std::string_view> known) {
  if (!Get(request.headers, "content-type").starts_with("application/json"))
    return Bad("send the body as JSON, with the header Content-Type: application/json");
  if (request.body.size() > kMaxBodyBytes) return Bad("the body is over 64 KiB");
  json::error_code failed;
  const json::value value = json::parse(request.body, failed);
  if (failed || !value.is_object())
    return Bad("the body is not a JSON object such as {\"reason\": \"...\"}");
  for (const auto& [name, member] : value.as_object()) {
    if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end())
      return Bad("\"" + std::string(name) + "\" is unknown here; known are " + Listed(known));
    if (!member.is_string()) return Bad(std::string(name) + ": must be a text");
  }
  return JsonBody(value.as_object(), request.user);
}

std::string JsonBody::Text(std::string_view name) const {
  const json::value* value = members_.if_contains(name);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

std::string JsonBody::By() const {
  const std::string by = Text("by");
  if (user_.empty() || by == user_) return by;
  return by.empty() ? user_ : by + " (" + user_ + ')';
}

}  // namespace heapwatch
