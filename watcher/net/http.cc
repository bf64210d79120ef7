#include "watcher/net/http.h"

namespace heapwatch {

std::string_view HttpRequest::Query(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace heapwatch
