// One request of HttpClient and how far its answer has come, so that an error can tell where it got
// stuck. For HttpClient and client_connection.cc only.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "analysis/base/error.h"
#include "watcher/net/client_credentials.h"
#include "watcher/net/http_client.h"
#include "watcher/net/url.h"

namespace heapwatch {

struct HttpExchange {
  enum class Phase : std::uint8_t {
    kResolve,
    kConnect,
    kProxy,
    kHandshake,
    kSend,
    kAwaitAnswer,
    kReadBody
  };
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  const HttpCall& call;
  const HttpUrl& url;
  const HeaderList& credentials;
  const std::optional<Proxy>& proxy;
  std::chrono::steady_clock::time_point deadline;
  Phase phase = Phase::kResolve;
  std::optional<Parser> parser = std::nullopt;  // once something is sent
  // The peer closed the connection before it had said anything.
  bool was_cut_unheard = false;

  // Whom the connection goes to.
  const HttpUrl& hop() const { return proxy ? proxy->url : url; }
  std::string hop_name() const { return (proxy ? "the proxy " : "") + hop().endpoint(); }
};

constexpr std::uint32_t kHeaderLimitBytes = 64U << 10;

Error TimedOut(const HttpExchange& x);
// What `code` means where it came up.
Error Describe(const HttpExchange& x, const boost::system::error_code& code);

}  // namespace heapwatch
