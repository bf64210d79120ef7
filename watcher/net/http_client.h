// Calls a peer over HTTP/1.1: one request, one answer, every phase under one deadline and every
// size under a limit.
//
// Any status is an answer; up to ten redirects are followed where the configuration allows it, and
// to another host, port or scheme without credentials. What is posted is posted again only for 307
// and 308; other redirects of it are the answer. Errors: kUnavailable (name not resolved, refused,
// reset, cut short), kTimeout (names the phase it got stuck in), kLimit (names the limit and the
// setting that raises it, or tells of a redirect loop), kWrongFormat (what answers does not speak
// HTTP), kInvalidArgument (a bad address, a file of the configuration that cannot be used). A
// connection that the peer leaves open is used again by calls on the same executor, with the same
// TLS and proxy (connection_pool.h); where it turns out to be closed, the request is sent once more
// on a new one: a peer may see it twice, and what is posted must bear that, as alerts do. Names of
// hosts are looked up anew for each new connection. Any thread; a call runs on the executor of the
// coroutine that awaits it and ends early when that is cancelled.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "config/http_client_config.h"
#include "watcher/net/byte_budget.h"
#include "watcher/net/dns_resolver.h"
#include "watcher/net/http.h"

namespace heapwatch {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  Labels headers;
  std::string body;
  Duration timeout = std::chrono::seconds(
      10);  // of everything, from the look-up of the name to the body's last byte
  std::size_t body_limit_bytes = 1U << 20;  // of the answer
  std::string_view
      body_limit_setting;  // its name in the configuration, for the error; "" where it has none
  HttpClientConfig config;
  // Where given, the body of a 200 is handed on piece by piece as it comes, without a limit, and
  // not kept; until its end, or until this returns false. The first piece is empty: the header
  // came.
  std::function<bool(std::string)> on_piece = {};
  // Where given, what the body of the answer takes is taken from it; to wait for it does not count
  // as the peer's time. It outlives the call.
  ByteShare* memory = nullptr;
};

// https peers must show a certificate for their host that the authorities of tls_config vouch for,
// by default those of the system's store (SSL_CERT_FILE and SSL_CERT_DIR name another).
class HttpClient {
 public:
  explicit HttpClient(DnsResolver resolver = DnsResolver());
  boost::asio::awaitable<Result<HttpResponse>> Send(HttpCall call) const;

 private:
  std::shared_ptr<class ClientTls> tls_;
  DnsResolver resolver_;
};

// An answer that is no success, told with the first line of its body and, for a redirect, where it
// points to. kNotFound for 404 and 410, kUnavailable for 429 and 5xx, else kInvalidArgument.
Error DescribeStatus(const HttpResponse& response);

}  // namespace heapwatch
