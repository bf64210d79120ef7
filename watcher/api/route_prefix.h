// The path under which everything is served (--web.route-prefix), taken off before anyone else sees
// a request. Pure.
//
//   RoutePrefix("/heap/") -> "/heap";  RoutePrefix("/") -> ""
//   EnterPrefix("/heap", GET /heap/api/v1/sites) -> GET /api/v1/sites
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "watcher/net/http.h"

namespace heapwatch {

// As it stands before a path: "" or with a slash before it and none after it.
std::string RoutePrefix(std::string_view text);

// Nothing where the request lies under the prefix, which is gone from its path; else the answer: a
// redirect to the page from "/" and from the prefix itself, 404 from elsewhere.
std::optional<HttpResponse> EnterPrefix(std::string_view prefix, HttpRequest& request);

}  // namespace heapwatch
