// What a call shows of us: the headers that an HttpClientConfig asks for, read from its files at
// each call. For HttpClient only. Errors (kInvalidArgument) name the field and the file, never what
// is in it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/base/error.h"
#include "config/http_client_config.h"
#include "watcher/net/url.h"

namespace heapwatch {

// Names and values; a name may stand several times.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

Result<HeaderList> CredentialHeaders(const HttpClientConfig& config);

struct Proxy {
  HttpUrl url;
  std::string authorization;  // the header's value; "" for none
};

Result<Proxy> ParseProxy(const Secret& proxy_url);

}  // namespace heapwatch
