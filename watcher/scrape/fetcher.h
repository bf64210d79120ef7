// The seam to the targets: how the bytes of one heap profile are got. The real one is HttpFetcher;
// tests use a fake.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "analysis/base/error.h"
#include "config/targets.h"
#include "watcher/net/byte_budget.h"
#include "watcher/net/http_client.h"

namespace heapwatch {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // The profile's bytes as the target serves them, within the target's timeout and body limit;
  // `memory` has grown by them. Errors say what went wrong and the way out; a target's refusal is
  // one. Any thread; runs on the executor of whoever awaits it.
  virtual boost::asio::awaitable<Result<std::string>> Fetch(Target target, ByteShare& memory) = 0;
  // In the same way the text of its own metrics.
  virtual boost::asio::awaitable<Result<std::string>> FetchMetrics(Target target,
                                                                   ByteShare& memory) = 0;
};

class HttpFetcher : public Fetcher {
 public:
  boost::asio::awaitable<Result<std::string>> Fetch(Target target, ByteShare& memory) override;
  boost::asio::awaitable<Result<std::string>> FetchMetrics(Target target,
                                                           ByteShare& memory) override;

 private:
  boost::asio::awaitable<Result<std::string>> Get(HttpCall call);

  HttpClient client_;
};

}  // namespace heapwatch
