#include "tests/support/http_probe.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "watcher/net/http_client.h"

namespace heapwatch {

Result<HttpResponse> HttpGet(std::string url) {
  boost::asio::io_context context;
  HttpCall call;
  call.url = std::move(url);
  call.timeout = std::chrono::seconds(30);
  call.body_limit_bytes = 64U << 20;
  const HttpClient client;
  auto answer =
      boost::asio::co_spawn(context, client.Send(std::move(call)), boost::asio::use_future);
  context.run();
  return answer.get();
}

std::string PercentEncode(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

}  // namespace heapwatch
