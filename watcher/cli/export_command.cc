#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "analysis/series/series_json.h"
#include "watcher/api/target_selector.h"
#include "watcher/app/stored_limits.h"
#include "watcher/cli/commands.h"
#include "watcher/cli/config_option.h"
#include "watcher/cli/output.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

struct ExportArguments {
  std::string storage_path = "data";
  std::string target;
  std::string from = "0";
  std::string to = "now";
  std::string output;
  std::string config_file;
};

constexpr const char* kFooter =
    R"(TARGET is an id, an instance or job="checkout", as /api/v1/targets tells them. Times are RFC 3339, Unix seconds or
now-3h.
The service may go on running: the store is only read. The memory limit that the service knew last goes with the series.

Example:
  heapwatch export --storage.path /var/lib/heapwatch 10.0.0.1:6060 --from now-6h -o checkout.json
  heapwatch replay checkout.json

Exit codes: 0 fine, 1 no such store or target, 2 wrong usage.)";

Result<void> Export(const ExportArguments& arguments) {
  const Time now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  const auto from = ParseTime(arguments.from, now);
  if (!from) return Fail(from.error().In("--from"));
  const auto to = ParseTime(arguments.to, now);
  if (!to) return Fail(to.error().In("--to"));
  const auto store = RocksStore::Open(arguments.storage_path, {.read_only = true});
  if (!store) return Fail(store.error());
  const auto targets = (*store)->Targets();
  if (!targets) return Fail(targets.error());
  const auto target = SelectTarget(arguments.target, *targets);
  if (!target) return Fail(target.error());
  const auto judging = LoadJudging(arguments.config_file);
  if (!judging) return Fail(judging.error());
  auto window = (*store)->Window(target->id, *from, *to, *judging->attributor);
  if (!window) return Fail(window.error());
  if (window->observations.empty())
    return Fail(ErrorCode::kNotFound, "nothing is stored of " + ToString(target->labels) +
                                          " from " + FormatRfc3339(*from) + " to " +
                                          FormatRfc3339(*to));
  const auto limits = ReadLimits(**store);
  if (!limits) return Fail(limits.error());
  if (const auto limit = limits->find(target->id); limit != limits->end())
    window->limit_bytes = limit->second;
  SeriesDocument document;
  document.run = target->id.ToString();
  document.group = std::string(Get(target->labels, "service"));
  document.target = target->labels;
  if (const std::string_view version = Get(target->labels, "version"); !version.empty())
    document.versions = {{window->observations.front().time, std::string(version)}};
  document.window = std::move(*window);
  return WriteOutput(arguments.output, WriteSeriesJson(document));
}

}  // namespace

void AddExportCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand(
      "export", "Write a target's stored series as one JSON file, for replay or a bug report");
  command->add_option("TARGET", arguments->target, "Whose series")->required();
  command->add_option("--storage.path", arguments->storage_path, "Where history is kept")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--from", arguments->from, "The first moment")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--to", arguments->to, "The last moment")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("-o,--output", arguments->output, "Write to this file instead of stdout")
      ->type_name("FILE");
  AddConfigOption(*command, arguments->config_file);
  command->footer(kFooter);
  command->callback([arguments, &exit_code] {
    const auto done = Export(*arguments);
    if (done) return;
    std::cerr << "heapwatch export: " << done.error().message << '\n';
    exit_code = kExitBadInput;
  });
}

}  // namespace heapwatch
