// What a web configuration comes to, ready for use: certificates loaded, tokens read. Made whole or
// not at all and never changed: when one of its files changes, another is put in its place.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "analysis/base/error.h"
#include "config/web_config.h"
#include "watcher/net/server_tls.h"

namespace heapwatch {

using TokenDigest = std::array<unsigned char, 32>;
TokenDigest DigestOfToken(std::string_view token);

struct WebSettings {
  WebConfig config;
  std::shared_ptr<const ServerTls> tls;       // null: plain HTTP
  std::map<TokenDigest, std::string> tokens;  // -> whose it is
  std::string stamp;                          // StampOfFiles, before they were read
};

// An empty path is plain HTTP without a login. Errors name the file and, in the configuration
// itself, line and column.
Result<std::shared_ptr<const WebSettings>> LoadWebSettings(const std::string& path);

// Changes when one of the files that settings were made from does, or the configuration itself; by
// size, time and identity. Files that are not there count, too.
std::string StampOfFiles(const std::string& path, const WebConfig& config);

}  // namespace heapwatch
