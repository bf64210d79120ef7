#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "watcher/app/logging.h"
#include "watcher/app/service.h"
#include "watcher/cli/commands.h"
#include "watcher/net/url.h"
#include "watcher/net/version.h"

namespace heapwatch {
namespace {

const std::map<std::string, LogFormat> kLogFormats = {{"text", LogFormat::kText},
                                                      {"json", LogFormat::kJson}};

struct ServeArguments {
  ServiceOptions service;
  std::string log_level = "info";
  LogFormat log_format = LogFormat::kText;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch serve --config.file heapwatch.yml --storage.path /var/lib/heapwatch
  heapwatch serve --web.listen-address :9199 --web.external-url https://heapwatch.example.com
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
    spdlog::critical("cannot start: {}", service.error().message);
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
  command->add_option("--storage.path", service.storage_path, "Where history is kept")
      ->type_name("DIR")
      ->capture_default_str();
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
  command->add_flag("--web.enable-lifecycle", service.enable_lifecycle, "Allow POST /-/reload");
  command->add_option("--log.level", arguments->log_level, "debug, info, warn or error")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}).description(""))
      ->capture_default_str();
  command->add_option("--log.format", arguments->log_format, "text or json")
      ->transform(CLI::CheckedTransformer(kLogFormats).description(""))
      ->default_str("text")
      ->type_name("FORMAT");
  command->footer(kFooter);
  command->callback([arguments, &exit_code] { exit_code = Serve(*arguments); });
}

}  // namespace heapwatch
