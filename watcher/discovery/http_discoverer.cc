#include "watcher/discovery/http_discoverer.h"

#include <re2/re2.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "analysis/base/units.h"
#include "analysis/base/whole_match.h"
#include "config/load_discovery.h"
#include "watcher/net/run_on.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

constexpr Duration kLongestCall = std::chrono::minutes(1);
constexpr std::size_t kBodyLimitBytes = 16U << 20;

bool IsJson(std::string_view content_type) {
  static const RE2 is_json(R"((?i:application/json(;\s*charset=("utf-8"|utf-8))?))");
  return MatchesWhole(content_type, is_json);
}

}  // namespace

HttpDiscoverer::HttpDiscoverer(HttpSdConfig config, asio::any_io_executor cpu)
    : config_(std::move(config)), cpu_(std::move(cpu)) {}

asio::awaitable<void> HttpDiscoverer::Run(std::function<void(DiscoveryReport)> report) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(config_.refresh_interval);
    const auto response = co_await client_.Send(MakeCall());
    auto groups = co_await RunOn(cpu_, [&] { return GroupsIn(response); });
    if (groups)
      report({*std::move(groups), ""});
    else
      report({std::nullopt, groups.error().message});
    co_await timer.async_wait(asio::use_awaitable);
  }
}

HttpCall HttpDiscoverer::MakeCall() const {
  HttpCall call;
  call.url = config_.url;
  call.headers = {
      {"Accept", "application/json"},
      {"X-Prometheus-Refresh-Interval-Seconds", FormatNumber(Seconds(config_.refresh_interval))}};
  call.timeout = std::min(config_.refresh_interval, kLongestCall);
  call.body_limit_bytes = kBodyLimitBytes;
  call.config = config_.http;
  return call;
}

Result<TargetGroups> HttpDiscoverer::GroupsIn(const Result<HttpResponse>& response) const {
  if (!response) return Fail(response.error().In(config_.url));
  if (response->status != 200) return Fail(DescribeStatus(*response).In(config_.url));
  if (!IsJson(response->content_type))
    return Fail(ErrorCode::kWrongFormat, config_.url + ": answers with content type \"" +
                                             response->content_type +
                                             "\" where application/json is expected");
  auto groups = ParseJsonGroups(response->body, config_.url);
  if (!groups) return groups;
  for (StaticConfig& group : *groups) group.labels["__meta_url"] = config_.url;
  return groups;
}

}  // namespace heapwatch
