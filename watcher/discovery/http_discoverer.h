// Finds targets by asking a server, as Prometheus' http_sd_configs: it answers 200 with a list of
// groups in JSON, 16 MiB at most. Any other answer is told and leaves the groups found before.
// Groups get the label __meta_url.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "analysis/base/error.h"
#include "watcher/discovery/discoverer.h"
#include "watcher/net/http_client.h"

namespace heapwatch {

class HttpDiscoverer : public Discoverer {
 public:
  // Answers are read on `cpu`.
  HttpDiscoverer(HttpSdConfig config, boost::asio::any_io_executor cpu);

  boost::asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) override;

 private:
  HttpCall MakeCall() const;
  Result<TargetGroups> GroupsIn(const Result<HttpResponse>& response) const;

  const HttpSdConfig config_;
  const boost::asio::any_io_executor cpu_;
  const HttpClient client_;
};

}  // namespace heapwatch
