#include "watcher/net/http_exchange.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <string_view>
#include <utility>

#include "analysis/base/units.h"

namespace heapwatch {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

using boost::system::error_code;
using Phase = HttpExchange::Phase;

std::string_view Describe(Phase phase) {
  switch (phase) {
    case Phase::kResolve:
      return "while looking up the host's name";
    case Phase::kConnect:
      return "while connecting";
    case Phase::kProxy:
      return "while the proxy was connecting";
    case Phase::kHandshake:
      return "during the TLS handshake";
    case Phase::kSend:
      return "while sending the request";
    case Phase::kAwaitAnswer:
      return "while waiting for the answer, the connection being open";
    case Phase::kReadBody:
      return "while reading the answer's body";
  }
  return "";
}

// Ends the message about a peer that may not be the one that is meant.
std::string AskForPort(const HttpExchange& x) {
  std::string question = ": is this the right port?";
  if (x.url.scheme == "http") question += " If it expects TLS, the scheme must be https";
  return question;
}

Error CutShort(const HttpExchange& x) {
  if (x.phase == Phase::kProxy)
    return {ErrorCode::kUnavailable, x.hop_name() + " closed the connection in mid-header"};
  // Before the header's end the parser must not be asked for the length.
  if (x.phase != Phase::kReadBody)
    return {ErrorCode::kUnavailable,
            x.url.endpoint() + " closed the connection in mid-header" + AskForPort(x)};
  std::string message = "the connection was closed in mid-answer";
  if (const auto announced = x.parser->content_length())
    message += ": " + std::to_string(x.parser->get().body().size()) + " of " +
               std::to_string(*announced) + " bytes had come";
  return {ErrorCode::kUnavailable, std::move(message)};
}

Error OverLimit(const HttpExchange& x) {
  std::string message =
      "the body is over the limit of " + FormatBytes(static_cast<double>(x.call.body_limit_bytes));
  if (!x.call.body_limit_setting.empty())
    message += "; where that is expected, raise " + std::string(x.call.body_limit_setting);
  return {ErrorCode::kLimit, std::move(message)};
}

Error NotHttp(const HttpExchange& x, const error_code& code) {
  return {ErrorCode::kWrongFormat, "what answers on " + x.url.endpoint() +
                                       " does not speak HTTP (" + code.message() + ')' +
                                       AskForPort(x)};
}

Error NoTls(const HttpExchange& x, const error_code& code) {
  std::string message = "no TLS with " + x.url.endpoint() + ": " + code.message();
  // What OpenSSL calls the version are the first bytes of whatever answers.
  if (code.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(code.value())) == SSL_R_WRONG_VERSION_NUMBER)
    message += ": is this the right port? If it expects no TLS, the scheme must be http";
  return {ErrorCode::kUnavailable, std::move(message)};
}

}  // namespace

Error TimedOut(const HttpExchange& x) {
  std::string message =
      "timed out after " + FormatDuration(x.call.timeout) + ' ' + std::string(Describe(x.phase));
  if (x.phase == Phase::kReadBody)
    message +=
        " (" + FormatBytes(static_cast<double>(x.parser->get().body().size())) + " had come)";
  return {ErrorCode::kTimeout, std::move(message)};
}

Error Describe(const HttpExchange& x, const boost::system::error_code& code) {
  const std::string endpoint = x.url.endpoint();
  if (code == beast::error::timeout) return TimedOut(x);
  if (code == asio::error::operation_aborted) return {ErrorCode::kUnavailable, "stopped"};
  if (code == asio::error::connection_refused)
    return {ErrorCode::kUnavailable, "connection refused by " + x.hop_name() +
                                         ": is the process running, and is this its port?"};
  if (x.phase == Phase::kConnect)
    return {ErrorCode::kUnavailable, "cannot connect to " + x.hop_name() + ": " + code.message()};
  if (code == http::error::body_limit) return OverLimit(x);
  const bool is_reset = code == asio::error::connection_reset && x.phase == Phase::kAwaitAnswer;
  if (is_reset || code == http::error::end_of_stream)
    return {ErrorCode::kUnavailable, endpoint + (is_reset ? " reset" : " closed") +
                                         " the connection without an answer" + AskForPort(x)};
  if (x.phase == Phase::kHandshake) return NoTls(x, code);
  const bool was_cut = code == http::error::partial_message || code == asio::error::eof ||
                       code == asio::ssl::error::stream_truncated;
  if (was_cut) return CutShort(x);
  if (code.category() == make_error_code(http::error::end_of_stream).category())
    return NotHttp(x, code);
  return {ErrorCode::kUnavailable,
          endpoint + ": " + code.message() + ' ' + std::string(Describe(x.phase))};
}

}  // namespace heapwatch
