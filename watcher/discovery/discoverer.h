// The seam to the places where targets are found: files, servers, DNS, Kubernetes. One Discoverer
// looks in one place for one job; tests use a fake.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/discovery_config.h"

namespace heapwatch {

using TargetGroups = std::vector<StaticConfig>;

// What a look came to.
struct DiscoveryReport {
  std::optional<TargetGroups> groups;  // all there are now; nullopt: those of the last report stay
  std::string error;                   // "" where all went well
};

class Discoverer {
 public:
  virtual ~Discoverer() = default;
  // Reports at once and whenever it has looked again, until it is cancelled. Failures are reported,
  // not thrown: it goes on. Reports come from the executor it runs on.
  virtual boost::asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) = 0;
};

}  // namespace heapwatch
