#include "watcher/net/http.h"

namespace heapwatch {

std::string_view HttpRequest::Query(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return {};
  return found->second;
}

}  // namespace heapwatch
