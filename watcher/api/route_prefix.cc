#include "watcher/api/route_prefix.h"

#include "watcher/api/reply.h"

namespace heapwatch {

std::string RoutePrefix(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  while (text.starts_with('/')) text.remove_prefix(1);
  return text.empty() ? "" : '/' + std::string(text);
}

std::optional<HttpResponse> EnterPrefix(std::string_view prefix, HttpRequest& request) {
  if (prefix.empty()) return std::nullopt;
  if (request.path.starts_with(prefix) && request.path.substr(prefix.size()).starts_with('/')) {
    request.path.erase(0, prefix.size());
    return std::nullopt;
  }
  if (request.path != "/" && request.path != prefix)
    return NoSuchAddress(request, "\"" + request.path + "\": everything here lies under " +
                                      std::string(prefix) + "/");
  HttpResponse redirect;
  redirect.status = 302;
  redirect.headers["location"] = std::string(prefix) + '/';
  return redirect;
}

}  // namespace heapwatch
