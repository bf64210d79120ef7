#include <pthread.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/base/freed_memory.h"
#include "analysis/base/units.h"
#include "watcher/app/logging.h"
#include "watcher/app/service.h"
#include "watcher/cli/choice_option.h"
#include "watcher/cli/commands.h"
#include "watcher/net/url.h"
#include "watcher/net/version.h"

namespace heapwatch {
namespace {

const std::map<std::string, LogFormat> kLogFormats = {{"text", LogFormat::kText},
                                                      {"json", LogFormat::kJson}};

const std::map<std::string, spdlog::level::level_enum> kLogLevels = {
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warn", spdlog::level::warn},
    {"error", spdlog::level::err}};

constexpr const char* kThinOut = "--storage.thin-out";

struct ServeArguments {
  ServiceOptions service;
  spdlog::level::level_enum log_level = spdlog::level::info;
  LogFormat log_format = LogFormat::kText;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch serve --config.file heapwatch.yml --storage.path /var/lib/heapwatch
  heapwatch serve --storage.max-size 20GB --storage.thin-out 7d:10m --storage.thin-out 30d:1h
  heapwatch serve --web.listen-address :9199 --web.external-url https://heapwatch.example.com
  heapwatch serve --web.external-url https://ops.example.com/heap/    # behind a proxy, under a path
  kill -HUP PID     # reads the configuration again; a file with a mistake changes nothing

Exit codes: 0 stopped as asked (SIGTERM, SIGINT), 1 could not start or broke, 2 wrong usage.)";

// The signals that steer the service. Blocked before the first thread starts, so that all inherit
// it and only this thread takes them, one after the other.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int Serve(const ServeArguments& arguments) {
  KeepFreedMemory();
  SetUpLogging(arguments.log_format, arguments.log_level);
  const sigset_t signals = BlockSignals();
  spdlog::info("heapwatch {} starts, configuration {}, store {}", Version(),
               arguments.service.config_file, arguments.service.storage_path);
  std::atomic<bool> broken = false;
  const auto service = Service::Start(arguments.service, [&broken] {
    broken = true;
    ::kill(::getpid(), SIGTERM);
  });
  if (!service) {
    const bool is_damaged = service.error().code == ErrorCode::kCorrupt;
    spdlog::critical(
        "cannot start: {}{}", service.error().message,
        is_damaged ? "; put a backup in its place, or move it away to begin anew" : "");
    return kExitBadInput;
  }
  spdlog::info("listening on {}, reached as {}", arguments.service.listen_address,
               (*service)->external_url());
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    sigwait(&signals, &signal);
    // What goes wrong is in the log, and the old configuration in force.
    if (signal == SIGHUP) static_cast<void>((*service)->Reload());
  }
  spdlog::info("stopping");
  (*service)->Stop();
  spdlog::info("stopped");
  return broken ? kExitBadInput : kExitOk;
}

// Options that take a size hand it on as bytes.
template <class T>
CLI::Option* AddSize(CLI::App& command, const std::string& name, T& bytes,
                     const std::string& help) {
  const auto set = [&bytes, name](const std::string& text) {
    const auto size = ParseBytes(text);
    if (!size || *size < 0)
      throw CLI::ValidationError(name, '"' + text + "\" is not a size such as 512MB or 20GB");
    bytes = static_cast<std::uint64_t>(*size);
  };
  return command.add_option_function<std::string>(name, set, help)->type_name("SIZE");
}

// "4d:10m", as often as there are; "none" alone.
std::vector<Resolution> ParseResolutions(const std::vector<std::string>& texts) {
  std::vector<Resolution> resolutions;
  if (texts == std::vector<std::string>{"none"}) return resolutions;
  for (const std::string& text : texts) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto older_than = ParseDuration(text.substr(0, colon));
    const auto every = ParseDuration(text.substr(std::min(colon + 1, text.size())));
    if (!older_than || !every || *every <= Duration(0)) {
      throw CLI::ValidationError(kThinOut,
                                 '"' + text + "\" is not an age and a duration, such as 4d:10m");
    }
    if (!resolutions.empty() &&
        (*older_than <= resolutions.back().older_than || *every <= resolutions.back().every)) {
      throw CLI::ValidationError(
          kThinOut, '"' + text + "\" must be older and coarser than the one before it");
    }
    resolutions.push_back({*older_than, *every});
  }
  return resolutions;
}

void AddStorageOptions(CLI::App& command, ServiceOptions& service) {
  command.add_option("--storage.path", service.storage_path, "Where history is kept")
      ->type_name("DIR")
      ->capture_default_str();
  AddSize(command, "--storage.memory-limit", service.storage_memory_limit_bytes,
          "Memory for reading and writing history")
      ->default_str("256MiB");
  AddSize(command, "--storage.max-size", service.retention.max_bytes,
          "The oldest history goes first where it takes more on disk [no limit]");
  AddSize(command, "--storage.min-free-disk", service.retention.min_free_disk_bytes,
          "... or where less than this is free on its disk")
      ->default_str("1GiB");
  command
      .add_option_function<std::vector<std::string>>(
          kThinOut,
          [&service](const std::vector<std::string>& texts) {
            service.retention.resolutions = ParseResolutions(texts);
          },
          "Of snapshots older than AGE keep the first, the last, the least and the most of each "
          "stretch of EVERY; or none")
      ->type_name("AGE:EVERY")
      ->default_str("4d:10m 14d:1h");
}

}  // namespace

void AddServeCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command =
      app.add_subcommand("serve", "Watch the targets of a configuration, until stopped");
  ServiceOptions& service = arguments->service;
  service.config_file = "heapwatch.yml";
  service.storage_path = "data";
  command->add_option("--config.file", service.config_file, "The configuration")
      ->type_name("FILE")
      ->capture_default_str();
  AddStorageOptions(*command, service);
  command
      ->add_option("--web.listen-address", service.listen_address,
                   "Where to answer: page, API and /metrics; :PORT is every address")
      ->type_name("HOST:PORT")
      ->check([](const std::string& text) {
        const auto address = ParseListenAddress(text);
        return address ? "" : address.error().message;
      })
      ->capture_default_str();
  command
      ->add_option("--web.external-url", service.external_url,
                   "How people reach it, for the links in alerts [made from the listen address]")
      ->type_name("URL")
      ->check([](const std::string& text) {
        const auto url = ParseHttpUrl(text);
        return url ? "" : url.error().message;
      });
  command
      ->add_option("--web.route-prefix", service.route_prefix,
                   "Under which path all is served [the path of the external URL]; / where a proxy "
                   "takes that off")
      ->type_name("PATH");
  command
      ->add_option("--web.config.file", service.web_config_file,
                   "TLS, users, tokens and roles, as in Prometheus' web configuration [everybody "
                   "may]; read again when it or one of its files changes")
      ->type_name("FILE");
  command->add_flag("--web.enable-lifecycle", service.enable_lifecycle, "Allow POST /-/reload");
  command->add_flag("--web.enable-admin-api", service.enable_admin_api,
                    "Allow POST /api/v1/admin/scraping: stops scraping at once, and resumes it");
  command->add_flag("--web.enable-push", service.enable_push,
                    "Take profiles that are pushed: POST /api/v1/profiles, and /ingest as "
                    "Pyroscope's agents send them");
  AddChoice(*command, "--log.level", arguments->log_level, kLogLevels, "debug, info, warn or error")
      ->default_str("info")
      ->type_name("LEVEL");
  AddChoice(*command, "--log.format", arguments->log_format, kLogFormats, "text or json")
      ->default_str("text")
      ->type_name("FORMAT");
  command->footer(kFooter);
  command->callback([arguments, &exit_code] { exit_code = Serve(*arguments); });
}

}  // namespace heapwatch
