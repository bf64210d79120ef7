// Finds targets in the DNS, as Prometheus' dns_sd_configs: every address of a name, or every host
// and port of its SRV records. Where no server answers, what the name had before stays.
//
// Labels: __meta_dns_name, and of SRV records __meta_dns_srv_record_target (with its final dot) and
// __meta_dns_srv_record_port.
#pragma once

#include <map>
#include <string>

#include "watcher/discovery/discoverer.h"
#include "watcher/net/dns_resolver.h"

namespace heapwatch {

class DnsDiscoverer : public Discoverer {
 public:
  explicit DnsDiscoverer(DnsSdConfig config, DnsResolver resolver = DnsResolver());

  boost::asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) override;

 private:
  StaticConfig GroupOf(const std::string& name, const DnsRecord& record) const;

  const DnsSdConfig config_;
  const DnsResolver resolver_;
  std::map<std::string, TargetGroups> found_;  // by name, when it was last answered
};

}  // namespace heapwatch
