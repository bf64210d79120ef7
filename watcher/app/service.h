// The running service, put together from its parts: scrapes, judges, alerts, answers.
//
//   auto service = Service::Start(options, [] { /* tell the main thread to stop it */ });
//   ...                        // it works on threads of its own
//   (*service)->Stop();        // within five seconds, nothing that was stored is lost
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "analysis/base/error.h"
#include "watcher/store/retention.h"

namespace heapwatch {

struct ServiceOptions {
  std::string config_file;
  std::string storage_path;
  std::size_t storage_memory_limit_bytes = 256U << 20;
  // `age` is the configuration's.
  Retention retention = {.resolutions = {{std::chrono::hours(4 * 24), std::chrono::minutes(10)},
                                         {std::chrono::hours(14 * 24), std::chrono::hours(1)}},
                         .min_free_disk_bytes = 1U << 30};
  std::string listen_address = "127.0.0.1:9199";
  std::string web_config_file;  // TLS, users, tokens (config/web_config.h); "": none
  std::string external_url;     // how people reach it; "": made from the listen address
  // Under which all is served; absent: the path of external_url.
  std::optional<std::string> route_prefix;
  bool enable_lifecycle = false;  // POST /-/reload
  bool enable_admin_api = false;  // POST /api/v1/admin/scraping
  bool enable_push = false;       // POST /api/v1/profiles and /ingest
};

class Service {
 public:
  // Errors say what keeps it from starting: the configuration, the store, the address. `on_broken`
  // is called, from a thread of the service, when a part of it broke and it should be stopped.
  static Result<std::unique_ptr<Service>> Start(const ServiceOptions& options,
                                                std::function<void()> on_broken);
  ~Service();  // calls Stop

  // Reads the configuration again; what is wrong with it leaves the old one in force. Any thread.
  Result<void> Reload();
  // Once; the thread that started it.
  void Stop();

  std::uint16_t port() const;
  const std::string& external_url() const;

 private:
  class Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace heapwatch
