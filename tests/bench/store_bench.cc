// Figures of the store, all of one run: bytes at rest on recorded and generated series, speed of
// appending and reading. CPU time of this process is what is told, not time on the clock, so that a
// busy machine matters little; the copying of memory is measured beside it as the limit of what can
// be had.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/series/series_json.h"
#include "tests/bench/synthetic_service.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

constexpr double kMega = 1e6;

Time Minute(std::size_t n) {
  return FromUnixMillis(1'700'000'000'000 + static_cast<std::int64_t>(n) * 60'000);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU seconds of the best of several runs.
double Best(int runs, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double start = CpuSeconds();
    work();
    best = std::min(best, CpuSeconds() - start);
  }
  return best;
}

void Must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

template <class T>
T Must(Result<T> result) {
  if (!result) Must(Result<void>(Fail(result.error())));
  return std::move(*result);
}

std::uintmax_t BytesOf(const std::string& directory) {
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.is_regular_file() && file.path().filename() != "LOG") bytes += file.file_size();
  }
  return bytes;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

// Appends everything, and tells what is on disk then against the gzip'd profiles and per value.
class AtRest {
 public:
  explicit AtRest(std::string name) : name_(std::move(name)) {}

  void Append(const Labels& target, Time time, const HeapProfile& profile, std::size_t gzip_bytes) {
    Must(store_->Append(target, time, profile));
    gzip_bytes_ += gzip_bytes;
    values_ += profile.values.size();
    ++snapshots_;
  }
  void Print() {
    if (snapshots_ == 0) return;
    Must(store_->Compact());
    store_.reset();
    const auto bytes = static_cast<double>(BytesOf(directory_.path()));
    std::printf("  %-34s %9zu %11zu %10.3f %10.1f\n", name_.c_str(), snapshots_, values_,
                bytes / static_cast<double>(values_), static_cast<double>(gzip_bytes_) / bytes);
  }

 private:
  std::string name_;
  TemporaryDirectory directory_;
  std::unique_ptr<RocksStore> store_ = Must(RocksStore::Open(directory_.path()));
  std::size_t snapshots_ = 0;
  std::size_t values_ = 0;
  std::size_t gzip_bytes_ = 0;
};

// A series document tells sites, not stacks: each site becomes a stack of one frame.
void AppendDocument(const SeriesDocument& document, AtRest& at_rest) {
  const SiteWindow& window = document.window;
  std::vector<SampleType> types;
  std::vector<Quantity> quantities;
  for (const Quantity q : kQuantities) {
    if (!window.has[static_cast<std::size_t>(q)]) continue;
    const std::string name(ToString(q));
    types.push_back({name, name.ends_with("space") ? "bytes" : "count"});
    quantities.push_back(q);
  }
  for (std::size_t t = 0; t < window.observations.size(); ++t) {
    ProfileBuilder builder(types);
    for (std::size_t row = 0; row < window.rows.size(); ++row) {
      const Site& site = window.sites[window.rows[row].site.index()];
      std::vector<std::int64_t> values;
      for (const Quantity q : quantities) values.push_back(window.series(q, row)[t]);
      const Frame frame{site.function, site.file, site.line};
      builder.AddSample(std::span(&frame, 1), window.rows[row].block_bytes, values);
    }
    HeapProfile profile = std::move(builder).Build();
    profile.sampling_period_bytes = window.observations[t].sampling_period_bytes;
    at_rest.Append(document.target, window.observations[t].time, profile,
                   EncodePprof(profile).size());
  }
}

void DocumentsAtRest(const std::string& name, const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory)) return;
  AtRest at_rest(name);
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    if (file.path().extension() != ".json") continue;
    AppendDocument(Must(ReadSeriesJson(ReadFile(file))), at_rest);
  }
  at_rest.Print();
}

void ProfilesAtRest(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory)) return;
  AtRest at_rest("raw profiles of real programs");
  for (const auto& program : std::filesystem::directory_iterator(directory)) {
    std::map<Time, std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(program)) {
      files.emplace(FromUnixMillis(std::stoll(file.path().filename())), file.path());
    }
    for (const auto& [time, file] : files) {
      const std::string bytes = ReadFile(file);
      at_rest.Append({{"job", program.path().filename()}}, time, Must(DecodeProfile(bytes)),
                     bytes.size());
    }
  }
  at_rest.Print();
}

void SyntheticAtRest(std::size_t sites, std::size_t scrapes) {
  AtRest at_rest("synthetic, " + std::to_string(sites) + " sites x " + std::to_string(scrapes));
  SyntheticService service(1, sites, 3.0 * static_cast<double>(sites));
  for (std::size_t i = 0; i < scrapes; ++i) {
    const HeapProfile& profile = service.Next();
    // Every thirtieth stands for the others: packing is slow.
    const std::size_t gzip_bytes = i % 30 == 0 ? 30 * EncodePprof(profile).size() : 0;
    at_rest.Append({{"job", "synthetic"}}, Minute(i), profile, gzip_bytes);
  }
  at_rest.Print();
}

void PrintAtRest() {
  const std::filesystem::path shared = HEAPWATCH_SOURCE_DIR "/../shared";
  std::printf("At rest, everything in the directory included\n  %-34s %9s %11s %10s %10s\n", "",
              "snapshots", "values", "B/value", "x gzip'd");
  DocumentsAtRest("recorded series of real programs", shared / "data/recordings/data");
  ProfilesAtRest(shared / "data/snapshots");
  if (std::filesystem::exists(shared / "scenarios/scenarios.py")) {
    const TemporaryDirectory generated;
    const std::string command = "python3 '" + (shared / "scenarios/scenarios.py").string() +
                                "' --out '" + generated.path() + "' --runs 40 --seed 11 >/dev/null";
    if (std::system(command.c_str()) == 0)
      DocumentsAtRest("generated scenarios", std::filesystem::path(generated.path()) / "data");
  }
  SyntheticAtRest(1000, 1440);
}

double MemoryBytesPerSecond() {
  std::vector<char> from(64U << 20, 1);
  std::vector<char> to(64U << 20, 2);
  return static_cast<double>(from.size()) /
         Best(5, [&] { std::memcpy(to.data(), from.data(), from.size()); });
}

// The best rule there is: a site for each leaf function.
std::shared_ptr<const SiteAttributor> Attributor() { return Must(SiteAttributor::Create({})); }

void PrintSpeed() {
  constexpr std::size_t kSites = 1000;
  constexpr std::size_t kScrapes = 1440;
  const double memory = MemoryBytesPerSecond();
  const TemporaryDirectory directory;
  const auto store = Must(RocksStore::Open(directory.path()));
  const Labels labels = {{"job", "synthetic"}};
  const TargetId target = TargetId::Of(labels);
  SyntheticService service(1, kSites, 3.0 * kSites);
  double append = 0;
  for (std::size_t i = 0; i < kScrapes; ++i) {
    const HeapProfile& profile = service.Next();
    append += Best(1, [&] { Must(store->Append(labels, Minute(i), profile)); });
  }
  constexpr double kValues = 4.0 * kSites * kScrapes;
  std::printf(
      "\nSpeed, %zu sites a minute apart for a day; CPU time of the whole process, the best of "
      "some runs\n",
      kSites);
  std::printf("  append             %8.1f M values/s of one core\n", kValues / append / kMega);

  const auto attributor = Attributor();
  const auto read = [&](const char* what, std::size_t minutes) {
    const Time to = Minute(kScrapes - 1);
    const Time from = Minute(kScrapes - minutes);
    const double seconds = Best(7, [&] { Must(store->Window(target, from, to, *attributor)); });
    const double values = 4.0 * kSites * static_cast<double>(minutes);
    std::printf(
        "  %-18s %8.2f ms, %.0f M values/s, %.0f %% of what copying the window's memory allows\n",
        what, seconds * 1e3, values / seconds / kMega, 100 * values * 8 / memory / seconds);
  };
  read("all sites, 6 h", 360);
  read("all sites, 24 h", 1440);
  const double profile =
      Best(9, [&] { Must(store->ProfileAt(target, Minute(kScrapes / 2 + 170))); });
  std::printf("  one profile        %8.2f ms\n", profile * 1e3);
  std::printf("  (memory is copied at %.1f GB/s)\n", memory / 1e9);
}

}  // namespace
}  // namespace heapwatch

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "at-rest") heapwatch::PrintAtRest();
  if (only.empty() || only == "speed") heapwatch::PrintSpeed();
}
