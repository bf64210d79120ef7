#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "analysis/base/json.h"
#include "analysis/base/units.h"
#include "analysis/profile/diff.h"
#include "analysis/series/series_json.h"
#include "analysis/series/site_window_builder.h"
#include "analysis/trend/replay.h"
#include "config/read_file.h"
#include "watcher/cli/choice_option.h"
#include "watcher/cli/commands.h"
#include "watcher/cli/config_option.h"
#include "watcher/cli/profile_files.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMaxSeriesBytes = 1U << 30;

const std::map<std::string, bool> kFormats = {{"text", false}, {"jsonl", true}};

struct ReplayArguments {
  std::vector<std::string> paths;
  bool as_json_lines = false;
  std::string config_file;
};

struct ReplayInput {
  std::string run;
  SiteWindow window;
  std::vector<RecordedProfile> profiles = {};  // in order; none of a series, which knows no callers
};

Result<ReplayInput> ReadInput(const fs::path& path, const SiteAttributor& attributor) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    auto profiles = ReadProfileDirectory(path);
    if (!profiles) return Fail(profiles.error());
    SiteWindowBuilder builder(attributor);
    for (const RecordedProfile& recorded : *profiles) builder.Add(recorded.time, recorded.profile);
    fs::path name = path.filename();
    if (name.empty()) name = path.parent_path().filename();
    return ReplayInput{
        .run = name.string(), .window = builder.Build(), .profiles = *std::move(profiles)};
  }
  auto bytes = ReadFile(path.string(), kMaxSeriesBytes);
  if (!bytes) return Fail(bytes.error());
  auto document = ReadSeriesJson(*bytes);
  if (!document) return Fail(document.error().In(path.string()));
  std::string run = document->run.empty() ? path.stem().string() : document->run;
  return ReplayInput{.run = std::move(run), .window = std::move(document->window)};
}

// The last one at or before that moment.
const HeapProfile* ProfileAt(const std::vector<RecordedProfile>& profiles, Time at) {
  const auto after =
      std::upper_bound(profiles.begin(), profiles.end(), at,
                       [](Time time, const RecordedProfile& p) { return time < p.time; });
  return after == profiles.begin() ? nullptr : &std::prev(after)->profile;
}

Result<ProfileDiff> DiffBetweenMoments(const ReplayInput& input, const SiteAttributor& attributor,
                                       Time from, Time to) {
  const HeapProfile* before = ProfileAt(input.profiles, from);
  const HeapProfile* after = ProfileAt(input.profiles, to);
  if (before == nullptr || after == nullptr)
    return Fail(ErrorCode::kNotFound, "no profile is as old as that");
  return DiffProfiles(*before, *after, attributor);
}

std::string JsonLine(const ReplayInput& input, const VerdictChange& change) {
  const Verdict& v = change.verdict;
  const Site& site = input.window.sites[v.site.index()];
  json::object line{{"run", input.run},
                    {"i", v.site.index()},
                    {"function", site.function},
                    {"file", site.file},
                    {"line", site.line},
                    {"t", ToUnixSeconds(change.time)},
                    {"verdict", ToString(v.kind)},
                    {"slope_bps", v.slope_bytes_per_second},
                    {"slope_low_bps", v.slope_interval.low},
                    {"slope_high_bps", v.slope_interval.high},
                    {"z", v.z},
                    {"inuse_bytes", v.inuse_bytes},
                    {"from", ToUnixSeconds(v.from)},
                    {"reason", v.reason}};
  if (v.alloc_bytes_per_second) line["alloc_bps"] = *v.alloc_bytes_per_second;
  if (v.retention) line["retention"] = *v.retention;
  if (v.seconds_to_limit) line["seconds_to_limit_low"] = v.seconds_to_limit->low;
  return ToJson(line) + "\n";
}

std::string TextLine(const ReplayInput& input, const VerdictChange& change) {
  const Verdict& v = change.verdict;
  return input.run + "  " + FormatRfc3339(change.time) + "  " + std::string(ToString(v.kind)) +
         "  " + input.window.sites[v.site.index()].ToString() + ": " + v.reason + "\n";
}

// What one path comes to: lines for stdout, or an error.
Result<std::string> ReplayPath(const fs::path& path, const Judging& judging, bool as_json) {
  auto input = ReadInput(path, *judging.attributor);
  if (!input) return Fail(input.error());
  std::string out;
  ReplayOptions options;
  options.trend = judging.detection;
  if (!input->profiles.empty())
    options.diff_between = [&](Time from, Time to) {
      return DiffBetweenMoments(*input, *judging.attributor, from, to);
    };
  Replay(input->window, options, [&](const VerdictChange& change) {
    out += as_json ? JsonLine(*input, change) : TextLine(*input, change);
  });
  return out;
}

int RunReplay(const ReplayArguments& arguments) {
  const auto judging = LoadJudging(arguments.config_file);
  if (!judging) {
    std::cerr << "heapwatch replay: " << judging.error().message << '\n';
    return kExitBadInput;
  }
  const std::size_t count = arguments.paths.size();
  std::vector<std::unique_ptr<Result<std::string>>> results(count);
  std::vector<std::atomic<bool>> done(count);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      results[i] = std::make_unique<Result<std::string>>(
          ReplayPath(arguments.paths[i], *judging, arguments.as_json_lines));
      done[i] = true;
      done[i].notify_one();
    }
  };
  std::vector<std::jthread> workers;
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < std::min(count, threads); ++i) workers.emplace_back(work);
  int exit_code = kExitOk;
  for (std::size_t i = 0; i < count; ++i) {
    done[i].wait(false);
    if (*results[i]) {
      std::cout << **results[i] << std::flush;
    } else {
      std::cerr << "heapwatch replay: " << results[i]->error().message << '\n';
      exit_code = kExitBadInput;
    }
    results[i].reset();
  }
  return exit_code;
}

}  // namespace

void AddReplayCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "replay",
      "Feed recorded heap profiles through the detector and print every change of verdict");
  auto arguments = std::make_shared<ReplayArguments>();
  command
      ->add_option("PATH", arguments->paths,
                   "A directory of heap profiles of one process, or a .json series as `heapwatch "
                   "export` writes it")
      ->required();
  AddChoice(*command, "--format", arguments->as_json_lines, kFormats,
            "text for people, jsonl for programs")
      ->default_str("text")
      ->type_name("FORMAT");
  AddConfigOption(*command, arguments->config_file);
  command->footer(
      "A profile's moment is its time_nanos, else its file name as Unix milliseconds, else the\n"
      "file's modification time. Only what was known at a moment is used for its verdict.\n"
      "Example: heapwatch replay recordings/checkout-7f9c/\n\n"
      "Exit codes: 0 fine, 1 something cannot be read, 2 wrong usage.");
  command->callback([arguments, &exit_code] { exit_code = RunReplay(*arguments); });
}

}  // namespace heapwatch
