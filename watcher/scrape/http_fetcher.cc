#include "watcher/scrape/fetcher.h"

namespace heapwatch {

boost::asio::awaitable<Result<std::string>> HttpFetcher::Fetch(Target target, ByteShare& memory) {
  if (!target.refusal.empty()) co_return Fail(ErrorCode::kLimit, target.refusal);
  HttpCall call;
  call.url = target.url;
  call.timeout = target.timeout;
  call.body_limit_bytes = target.body_size_limit_bytes;
  call.body_limit_setting = "body_size_limit";
  call.config = target.http;
  call.memory = &memory;
  auto response = co_await client_.Send(std::move(call));
  if (!response) co_return Fail(response.error());
  if (response->status != 200) co_return Fail(DescribeStatus(*response));
  co_return std::move(response->body);
}

}  // namespace heapwatch
