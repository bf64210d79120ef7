// Asks a server over HTTP and waits for the answer: the tests' own client. Errors: HttpClient's.
#pragma once

#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "watcher/net/http.h"

namespace heapwatch {

Result<HttpResponse> HttpGet(std::string url);

// A text for use in a query: everything but letters, digits and -_.~ as %XX.
std::string PercentEncode(std::string_view text);

}  // namespace heapwatch
