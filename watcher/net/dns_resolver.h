// Looks names up: the servers and search domains of /etc/resolv.conf, TCP where an answer is too
// long for UDP. Any thread; a look-up runs on the executor of whoever awaits it, beside all others,
// and ends when that is cancelled: a server that does not answer holds up nobody else, as it would
// in getaddrinfo.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "config/discovery_config.h"

namespace heapwatch {

struct DnsRecord {
  std::string host;        // A and AAAA: an address; SRV: a name without the final dot
  std::uint16_t port = 0;  // of SRV
  auto operator<=>(const DnsRecord&) const = default;
};

class DnsResolver {
 public:
  // Another file in place of /etc/resolv.conf may be given, and another port of the servers in it;
  // the file is read at each look-up.
  explicit DnsResolver(std::string resolv_conf = "/etc/resolv.conf", std::uint16_t port = 53)
      : resolv_conf_(std::move(resolv_conf)), port_(port) {}

  // All names at once; the records of each, ordered. A name that does not exist, or has no such
  // records, has none. kUnavailable where no server gave an answer.
  boost::asio::awaitable<std::vector<Result<std::vector<DnsRecord>>>> LookUp(
      std::vector<std::string> names, DnsSdConfig::Type type) const;

  // Those of a host, the preferred first; /etc/hosts knows some. kUnavailable where there are none.
  boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> AddressesOf(
      std::string host) const;

 private:
  const std::string resolv_conf_;
  const std::uint16_t port_;
};

}  // namespace heapwatch
