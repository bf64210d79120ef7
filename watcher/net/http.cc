#include "watcher/net/http.h"

#include <utility>

namespace heapwatch {

std::string_view HttpRequest::Query(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return {};
  return found->second;
}

HttpResponse TextResponse(int status, std::string text) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

}  // namespace heapwatch
