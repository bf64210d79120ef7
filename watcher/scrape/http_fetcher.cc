#include <utility>

#include "watcher/scrape/fetcher.h"

namespace heapwatch {
namespace {

// A large program has some hundred KiB.
constexpr std::size_t kMostMetricsBytes = 8U << 20;

HttpCall MakeCall(const Target& target, ByteShare& memory) {
  HttpCall call;
  call.timeout = target.timeout;
  call.config = target.http;
  call.memory = &memory;
  return call;
}

}  // namespace

boost::asio::awaitable<Result<std::string>> HttpFetcher::Fetch(Target target, ByteShare& memory) {
  if (!target.refusal.empty()) co_return Fail(ErrorCode::kLimit, target.refusal);
  HttpCall call = MakeCall(target, memory);
  call.url = target.url;
  call.body_limit_bytes = target.body_size_limit_bytes;
  call.body_limit_setting = "body_size_limit";
  co_return co_await Get(std::move(call));
}

boost::asio::awaitable<Result<std::string>> HttpFetcher::FetchMetrics(Target target,
                                                                      ByteShare& memory) {
  HttpCall call = MakeCall(target, memory);
  call.url = target.metrics_url;
  call.body_limit_bytes = kMostMetricsBytes;
  co_return co_await Get(std::move(call));
}

boost::asio::awaitable<Result<std::string>> HttpFetcher::Get(HttpCall call) {
  auto response = co_await client_.Send(std::move(call));
  if (!response) co_return Fail(response.error());
  if (response->status != 200) co_return Fail(DescribeStatus(*response));
  co_return std::move(response->body);
}

}  // namespace heapwatch
