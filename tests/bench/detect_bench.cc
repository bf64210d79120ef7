// How well the detector detects, beside what others do, on labelled scenarios that were not used
// for tuning.
//
//   detect_bench [RUNS_PER_SEED [SEED...]]      default: 20 runs of each of the seeds 21 to 25
//
// Generates the scenarios, replays them through the detector and the baselines and has the verdicts
// scored, by the generator and the scorer in ../shared/scenarios; without them it says so and ends.
// Then the same, of ours alone, for scenarios in which nothing leaks and for recorded real
// programs.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "analysis/series/series_json.h"
#include "analysis/trend/bins.h"
#include "analysis/trend/noise.h"
#include "analysis/trend/replay.h"
#include "analysis/trend/timeline.h"
#include "tests/bench/baseline_detectors.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

const std::string kAllFamilies = "all";
const fs::path kScenarios = InSource("../shared/scenarios");
const fs::path kRecordings = InSource("../shared/data/recordings");

// The verdict lines of every detector, ours first.
class Lines {
 public:
  explicit Lines(std::size_t detectors) : text_(detectors) {}
  void Add(std::size_t detector, const std::string& lines) {
    const std::scoped_lock lock(mutex_);
    text_[detector] += lines;
  }
  const std::string& of(std::size_t detector) const { return text_[detector]; }

 private:
  std::mutex mutex_;
  std::vector<std::string> text_;
};

std::string Line(const std::string& run, std::size_t site, Time time, std::string_view verdict,
                 double slope) {
  return boost::json::serialize(boost::json::object{{"run", run},
                                                    {"i", site},
                                                    {"t", ToUnixSeconds(time)},
                                                    {"verdict", verdict},
                                                    {"slope_bps", slope}}) +
         "\n";
}

std::string ReplayOurs(const SeriesDocument& document) {
  std::string out;
  Replay(document.window, {}, [&](const VerdictChange& change) {
    out += Line(document.run, change.verdict.site.index(), change.time,
                ToString(change.verdict.kind), change.verdict.slope_bytes_per_second);
  });
  return out;
}

double ProcessBytes(const SiteWindow& window, std::size_t column) {
  double total = 0;
  for (std::size_t row = 0; row < window.rows.size(); ++row) {
    total += static_cast<double>(window.series(Quantity::kInuseSpace, row)[column]);
  }
  return total;
}

// Baselines look every ten minutes.
void ReplayBaselines(const SeriesDocument& document, const std::vector<Baseline>& baselines,
                     Lines& lines) {
  const SiteWindow& window = document.window;
  std::vector<std::string> out(baselines.size());
  std::vector<std::vector<bool>> leaks(baselines.size(),
                                       std::vector<bool>(window.sites.size(), false));
  Time last{};
  for (std::size_t end = 1; end <= window.observations.size(); ++end) {
    const Time now = window.observations[end - 1].time;
    if (now - last < std::chrono::minutes(10) && now >= last) continue;
    last = now;
    const Timeline life = CurrentLife(window, end);
    const double process = ProcessBytes(window, end - 1);
    for (std::size_t s = 0; s < window.sites.size(); ++s) {
      const auto inuse = SiteSeries(window, life, SiteId(s), Quantity::kInuseSpace);
      const BaselineInput input{.seconds = life.seconds,
                                .inuse = inuse,
                                .process_bytes = process,
                                .limit_bytes = static_cast<double>(window.limit_bytes.value_or(0))};
      for (std::size_t b = 0; b < baselines.size(); ++b) {
        const bool is_leak = baselines[b].leaks(input);
        if (is_leak == leaks[b][s]) continue;
        leaks[b][s] = is_leak;
        out[b] += Line(document.run, s, now, is_leak ? "leak" : "stable", 0);
      }
    }
  }
  for (std::size_t b = 0; b < baselines.size(); ++b) lines.Add(b + 1, out[b]);
}

void ReplayAll(const std::vector<fs::path>& files, const std::vector<Baseline>& baselines,
               Lines& lines) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      std::ifstream in(files[i], std::ios::binary);
      std::stringstream text;
      text << in.rdbuf();
      const auto document = ReadSeriesJson(text.str());
      if (!document) {
        std::cerr << files[i].string() << ": " << document.error().message << '\n';
        continue;
      }
      lines.Add(0, ReplayOurs(*document));
      ReplayBaselines(*document, baselines, lines);
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    workers.emplace_back(work);
  }
}

double Number(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

boost::json::object ReadJson(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

// Scratch files go into `directory`.
boost::json::object Score(const fs::path& directory, const fs::path& truth,
                          const std::string& lines) {
  const fs::path verdicts = directory / "verdicts.jsonl";
  const fs::path result = directory / "score.json";
  std::ofstream(verdicts) << lines;
  const std::string command = "python3 '" + (kScenarios / "score.py").string() + "' --truth '" +
                              truth.string() + "' --json '" + result.string() + "' '" +
                              verdicts.string() + "' > /dev/null";
  if (std::system(command.c_str()) != 0) return {};
  return ReadJson(result);
}

void PrintScore(const std::string& name, const boost::json::object& scored) {
  const auto& all = scored.at("overall").as_object();
  std::printf("%-34s %9.3f %8.3f %8.3f %10.3f %9.1f %10.2f %8.3f %8.3f\n", name.c_str(),
              Number(all, "alert_precision"), Number(all, "recall"), Number(all, "site_f1"),
              Number(all, "false_alerts_per_target_day"), Number(all, "delay_h_median"),
              Number(all, "slope_within_25pct"), Number(all, "churn_precision"),
              Number(all, "churn_recall"));
}

// The theory's floor: a growth stands out by z standard errors of sampling once z^2 samples have
// been gained, after z^2 R / rate; and no verdict is given in the warm-up.
constexpr double kFloorZ = 5;
constexpr double kFloorWarmUpHours = 0.25;
// The scorer's own: leaks with fewer samples are not asked for.
constexpr double kMinSamples = 10;

// The leaks of one family.
struct Delays {
  std::vector<double> floors_h;
  std::vector<double> over_floor;  // of those found: delay / floor
  std::size_t out_of_reach = 0;    // ended before their floor
  std::size_t found_in_reach = 0;  // of the others
};

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// When each site of each run was called a leak.
using Alerts = std::map<std::pair<std::string, std::int64_t>, std::vector<double>>;

Alerts ReadAlerts(const std::string& lines) {
  Alerts alerts;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto verdict = boost::json::parse(line).as_object();
    if (verdict.at("verdict").as_string() != "leak") continue;
    alerts[{std::string(verdict.at("run").as_string()), verdict.at("i").as_int64()}].push_back(
        Number(verdict, "t"));
  }
  return alerts;
}

void AddDelay(Delays& delays, const boost::json::object& segment, double floor_h,
              const std::vector<double>& alerts) {
  const double from = Number(segment, "from");
  delays.floors_h.push_back(floor_h);
  const bool in_reach = floor_h * 3600 <= Number(segment, "to") - from;
  if (!in_reach) ++delays.out_of_reach;
  const auto first =
      std::find_if(alerts.begin(), alerts.end(), [&](double t) { return t >= from; });
  if (first == alerts.end()) return;
  delays.over_floor.push_back((*first - from) / 3600 / floor_h);
  if (in_reach) ++delays.found_in_reach;
}

std::map<std::string, Delays> ReadDelays(const fs::path& truth, const Alerts& alerts) {
  std::map<std::string, Delays> delays;
  for (const auto& entry : fs::directory_iterator(truth)) {
    const auto run = ReadJson(entry.path());
    const std::string name(run.at("run").as_string());
    for (const auto& value : run.at("sites").as_array()) {
      const auto& site = value.as_object();
      if (!site.contains("leaked_samples_expected") ||
          Number(site, "leaked_samples_expected") < kMinSamples)
        continue;
      const auto told = alerts.find({name, site.at("i").as_int64()});
      for (const auto& part : site.at("segments").as_array()) {
        const auto& segment = part.as_object();
        const double rate = Number(segment, "slope_bps");
        if (segment.at("verdict").as_string() != "leak" || rate <= 0) continue;
        const double floor_h = std::max(
            kFloorWarmUpHours, kFloorZ * kFloorZ * kUsualSamplingPeriodBytes / rate / 3600);
        for (const std::string& family :
             {std::string(run.at("family").as_string()), kAllFamilies}) {
          AddDelay(delays[family], segment, floor_h,
                   told == alerts.end() ? std::vector<double>{} : told->second);
        }
      }
    }
  }
  return delays;
}

void PrintFamilies(const boost::json::object& ours, std::map<std::string, Delays> delays) {
  const double delay = Number(ours.at("overall").as_object(), "delay_h_median");
  const Delays& all = delays[kAllFamilies];
  const double floor = Median(all.floors_h);
  std::printf(
      "\nheapwatch: median delay %.1f h; median floor of the theory at z = %.0f %.1f h: %.1f x; "
      "leak by leak %.1f x\n",
      delay, kFloorZ, floor, floor > 0 ? delay / floor : 0, Median(all.over_floor));
  std::printf("found of the %zu leaks that last longer than their floor: %zu\n",
              all.floors_h.size() - all.out_of_reach, all.found_in_reach);
  std::printf("\n%-20s %8s %8s %10s %9s %9s %9s %13s\n", "by family", "leaking", "recall",
              "false/day", "delay h", "floor h", "x floor", "out of reach");
  for (const auto& [family, value] : ours.at("families").as_object()) {
    const auto& row = value.as_object();
    const Delays& own = delays[std::string(family)];
    std::printf("  %-18s %8.0f %8.3f %10.3f %9.1f %9.1f %9.1f %13zu\n", std::string(family).c_str(),
                Number(row, "leaky_sites"), Number(row, "recall"),
                Number(row, "false_alerts_per_target_day"), Number(row, "delay_h_median"),
                Median(own.floors_h), Median(own.over_floor), own.out_of_reach);
  }
}

std::vector<fs::path> FilesIn(const fs::path& directory) {
  std::vector<fs::path> files(fs::directory_iterator(directory), fs::directory_iterator{});
  std::sort(files.begin(), files.end());
  return files;
}

void PrintHeader(const std::string& title) {
  std::printf("%s\n%-34s %9s %8s %8s %10s %9s %10s %8s %8s\n", title.c_str(), "", "precision",
              "recall", "site F1", "false/day", "delay h", "slope<25%", "churn P", "churn R");
}

// Labelled scenarios, made by the generator into `directory`; false where that failed.
bool Generate(const fs::path& directory, int runs, int seed, const std::string& more = "") {
  const std::string command = "python3 '" + (kScenarios / "scenarios.py").string() + "' --out '" +
                              directory.string() + "' --runs " + std::to_string(runs) + " --seed " +
                              std::to_string(seed) + more + " 2> /dev/null";
  return std::system(command.c_str()) == 0;
}

bool MeasurePublicSet(const fs::path& directory, int runs, const std::vector<int>& seeds) {
  for (const int seed : seeds) {
    if (!Generate(directory, runs, seed)) return false;
  }
  const std::vector<fs::path> files = FilesIn(directory / "data");
  const std::vector<Baseline> baselines = Baselines();
  Lines lines(baselines.size() + 1);
  ReplayAll(files, baselines, lines);
  PrintHeader(std::to_string(files.size()) + " targets of " + std::to_string(seeds.size()) +
              " seeds");
  const boost::json::object ours = Score(directory, directory / "truth", lines.of(0));
  PrintScore("heapwatch", ours);
  for (std::size_t b = 0; b < baselines.size(); ++b) {
    PrintScore(baselines[b].name, Score(directory, directory / "truth", lines.of(b + 1)));
  }
  PrintFamilies(ours, ReadDelays(directory / "truth", ReadAlerts(lines.of(0))));
  return true;
}

// Every family in which nothing leaks, for so long that a rate of .01 a day would show.
bool MeasureQuietSet(const fs::path& directory, int seed) {
  constexpr int kRuns = 240;
  const fs::path profile = directory / "quiet.json";
  std::ofstream(profile) << R"({"families": {"steady": 1, "diurnal": 1, "tiny_noise": 1,
    "restarts_only": 1, "steady_gaps": 1, "warmup_exp": 1, "warmup_logistic": 1, "cache_fill": 1,
    "growth_stop": 1, "burst_drain": 1, "flush_sawtooth": 1, "churn": 1, "churn_burst": 1,
    "ratchet": 1, "step_change": 1}, "distractors": [0, 0]})";
  if (!Generate(directory, kRuns, seed, " --profile-json '" + profile.string() + "'")) return false;
  Lines lines(1);
  ReplayAll(FilesIn(directory / "data"), {}, lines);
  const boost::json::object scored = Score(directory, directory / "truth", lines.of(0));
  const auto& all = scored.at("overall").as_object();
  std::printf(
      "\nnothing leaks: %.0f targets, %.0f target-days: %.3f false alerts a day, on %.1f %% of the "
      "targets\n",
      Number(all, "targets"), Number(all, "target_days"),
      Number(all, "false_alerts_per_target_day"),
      100 * Number(all, "quiet_targets_with_false_alert"));
  for (const auto& [family, value] : scored.at("families").as_object()) {
    const double false_a_day = Number(value.as_object(), "false_alerts_per_target_day");
    if (false_a_day > 0)
      std::printf("  %-18s %10.3f false alerts a day\n", std::string(family).c_str(), false_a_day);
  }
  return true;
}

// An hour and a half of each of some real programs.
void MeasureRecordings(const fs::path& directory) {
  if (!fs::exists(kRecordings)) {
    std::printf("\nthe recordings of real programs are not beside the checkout\n");
    return;
  }
  Lines lines(1);
  ReplayAll(FilesIn(kRecordings / "data"), {}, lines);
  PrintHeader("\nreal programs");
  PrintScore("heapwatch", Score(directory, kRecordings / "truth", lines.of(0)));
  const Alerts alerts = ReadAlerts(lines.of(0));
  std::printf("\n%-24s %8s %8s %14s\n", "by program", "leaking", "found", "false alerts");
  for (const fs::path& file : FilesIn(kRecordings / "truth")) {
    const auto run = ReadJson(file);
    std::size_t leaking = 0;
    std::size_t found = 0;
    std::size_t wrong = 0;
    for (const auto& value : run.at("sites").as_array()) {
      const auto& site = value.as_object();
      const bool leaks = site.at("label").as_string() == "leak";
      const bool told =
          alerts.contains({std::string(run.at("run").as_string()), site.at("i").as_int64()});
      leaking += leaks ? 1 : 0;
      found += leaks && told ? 1 : 0;
      wrong += !leaks && told ? 1 : 0;
    }
    std::printf("  %-22s %8zu %8zu %14zu\n", std::string(run.at("run").as_string()).c_str(),
                leaking, found, wrong);
  }
}

int Run(int runs, const std::vector<int>& seeds) {
  if (!fs::exists(kScenarios / "scenarios.py")) {
    std::printf("detect: the scenarios are not beside the checkout; nothing to measure\n");
    return 0;
  }
  std::string name = (fs::temp_directory_path() / "heapwatch-detect-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return 1;
  const fs::path directory = name;
  fs::create_directory(directory / "quiet");
  const bool measured = MeasurePublicSet(directory, runs, seeds) &&
                        MeasureQuietSet(directory / "quiet", seeds.front());
  MeasureRecordings(directory);
  fs::remove_all(directory);
  return measured ? 0 : 1;
}

}  // namespace
}  // namespace heapwatch

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 20;
  std::vector<int> seeds;
  for (int i = 2; i < argc; ++i) seeds.push_back(std::atoi(argv[i]));
  if (seeds.empty()) seeds = {21, 22, 23, 24, 25};
  return heapwatch::Run(runs, seeds);
}
