// The whole stand: the shop, Heapwatch watching it, Prometheus and Alertmanager listening, each a
// real process on a port of its own, and a webhook. All stop with the object.
//
// The shop leaks 4 MiB a second, fills a cache of 32 MiB within half a minute, churns and sells.
// Another target is served by nobody.
// Heapwatch looks twice a second and judges every second, so that verdicts are out in about one.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {

class Stand {
 public:
  // Which of the programs needed is not on PATH or was not built; "" where all are there.
  static std::string Missing();

  // Throws where one of them does not come up.
  Stand();

  // "http://127.0.0.1:<port>"
  std::string heapwatch() const { return Base(heapwatch_port_); }
  std::string prometheus() const { return Base(prometheus_port_); }
  std::string alertmanager() const { return Base(alertmanager_port_); }
  std::string shop_instance() const { return "127.0.0.1:" + std::to_string(shop_port_); }
  std::string archive_instance() const { return "127.0.0.1:" + std::to_string(archive_port_); }
  const TemporaryDirectory& directory() const { return directory_; }

  // Kills Heapwatch (SIGKILL) and starts it again on the same history. Throws as the constructor.
  void RestartHeapwatch();
  // What its webhook was told, in order.
  std::vector<boost::json::value> WebhookBodies() const;

  // What Heapwatch answers at an address below /api/v1, its `data`; null on an error.
  boost::json::value Ask(const std::string& path_and_query) const;
  // The verdict on a function's sites, the most pressing one; "" before there is any.
  std::string VerdictOn(const std::string& function) const;
  // The last lines of every program, for failure messages.
  std::string Logs() const;

 private:
  static std::string Base(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }
  std::string WriteHeapwatchConfig() const;
  void StartHeapwatch();

  TemporaryDirectory directory_;
  RawServer webhook_{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"};
  std::uint16_t shop_port_ = FreePort();
  std::uint16_t archive_port_ = FreePort();
  std::uint16_t down_port_ = FreePort();  // of a target that nobody serves
  std::uint16_t heapwatch_port_ = FreePort();
  std::uint16_t prometheus_port_ = FreePort();
  std::uint16_t alertmanager_port_ = FreePort();
  std::unique_ptr<Subprocess> shop_;
  std::unique_ptr<Subprocess> archive_;  // a shop that leaks outside its heap
  std::unique_ptr<Subprocess> alertmanager_;
  std::unique_ptr<Subprocess> heapwatch_;
  std::unique_ptr<Subprocess> prometheus_;
};

// The JSON that an address answers with; null where it does not.
boost::json::value GetJson(const std::string& url);

}  // namespace heapwatch
