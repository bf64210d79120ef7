// An http or https address taken apart. Errors: kInvalidArgument names the address and what is
// wrong with it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/base/error.h"

namespace heapwatch {

// "https://[::1]:8080/a/b?c=d#e" is {"https", "::1", 8080, "/a/b?c=d"}.
struct HttpUrl {
  std::string scheme;  // "http" or "https"
  std::string host;    // without the brackets of IPv6
  std::uint16_t port = 80;
  std::string target;  // path and query as they go on the wire, "/" at least

  // "host:port" with brackets where needed, the port left out where it is the scheme's own: the
  // Host header.
  std::string authority() const;
  // The same with the port always there: for messages.
  std::string endpoint() const;
};

// A host as it stands before a port: an IPv6 address gets its brackets.
std::string Bracketed(std::string host);

Result<HttpUrl> ParseHttpUrl(std::string_view text);

// What is wrong with the target of a request, which should be a path with an optional query, and
// the way out.
std::string DescribeBadTarget(std::string_view target);

// "host:port", "[v6]:port" or ":port" (every address of this machine, then host is ""): what one
// may listen on.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace heapwatch
