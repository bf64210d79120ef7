// Calls a peer over HTTP/1.1: one request, one answer, every phase under one deadline and every
// size under a limit.
//
// Any status is an answer; redirects are not followed (see DescribeStatus for how to tell the
// user). Errors: kUnavailable (name not resolved, refused, reset, cut short), kTimeout (names the
// phase it got stuck in), kLimit (names the limit and the setting that raises it), kWrongFormat
// (what answers does not speak HTTP), kInvalidArgument (a bad address). Names of hosts are looked
// up anew for each call. Any thread; a call runs on the executor of the coroutine that awaits it
// and ends early when that is cancelled.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
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
};

// https peers must show a certificate for their host that the system's store of authorities vouches
// for (SSL_CERT_FILE and SSL_CERT_DIR name another store).
class HttpClient {
 public:
  HttpClient();
  // From now on only the authorities in this PEM file vouch for peers. kInvalidArgument names it.
  Result<void> TrustOnly(const std::string& ca_file);
  boost::asio::awaitable<Result<HttpResponse>> Send(HttpCall call) const;

 private:
  std::shared_ptr<struct ClientTls> tls_;
};

// An answer that is no success, told with the first line of its body and, for a redirect, where it
// points to. kNotFound for 404 and 410, kUnavailable for 429 and 5xx, else kInvalidArgument.
Error DescribeStatus(const HttpResponse& response);

}  // namespace heapwatch
