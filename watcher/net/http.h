// HTTP as the rest of the house sees it: plain requests and responses, no sign of Asio or Beast.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "analysis/base/labels.h"

namespace heapwatch {

struct HttpRequest {
  std::string method = "GET";
  std::string path;                                            // decoded, without the query
  std::multimap<std::string, std::string, std::less<>> query;  // decoded
  Labels headers;                                              // names in lower case
  std::string body;
  std::string peer;  // the address it came from; "" where it came over no socket
  std::string user;  // who asks, where he had to show it; else ""

  // The first value of a query parameter, or "".
  std::string_view Query(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  Labels headers;
  std::string body;
};

// A text for people or scripts to read; its last line is ended where it is not.
HttpResponse TextResponse(int status, std::string text);

}  // namespace heapwatch
