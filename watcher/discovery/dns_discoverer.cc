#include "watcher/discovery/dns_discoverer.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "watcher/net/url.h"

namespace heapwatch {

namespace asio = boost::asio;

DnsDiscoverer::DnsDiscoverer(DnsSdConfig config, DnsResolver resolver)
    : config_(std::move(config)), resolver_(std::move(resolver)) {}

asio::awaitable<void> DnsDiscoverer::Run(std::function<void(DiscoveryReport)> report) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(config_.refresh_interval);
    const auto answers = co_await resolver_.LookUp(config_.names, config_.type);
    DiscoveryReport found{TargetGroups(), ""};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const std::string& name = config_.names[i];
      TargetGroups& groups = found_[name];
      if (answers[i]) {
        groups.clear();
        for (const DnsRecord& record : *answers[i]) groups.push_back(GroupOf(name, record));
      } else {
        found.error += (found.error.empty() ? "" : "\n") + name + ": " + answers[i].error().message;
      }
      found.groups->insert(found.groups->end(), groups.begin(), groups.end());
    }
    report(std::move(found));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

StaticConfig DnsDiscoverer::GroupOf(const std::string& name, const DnsRecord& record) const {
  const bool is_srv = config_.type == DnsSdConfig::Type::kSrv;
  const std::uint16_t port = is_srv ? record.port : config_.port;
  StaticConfig group;
  group.targets = {Bracketed(record.host) + ':' + std::to_string(port)};
  group.labels["__meta_dns_name"] = name;
  if (is_srv) {
    group.labels["__meta_dns_srv_record_target"] = record.host + ".";
    group.labels["__meta_dns_srv_record_port"] = std::to_string(port);
  }
  return group;
}

}  // namespace heapwatch
