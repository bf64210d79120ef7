// Figures of the store, all of one run: bytes at rest on recorded and generated series, beside
// other stores of series; speed of appending and reading; memory. CPU time of this process is what
// is told, not time on the clock, so that a busy machine matters little; the copying of memory is
// measured beside it as the limit of what can be had.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/base/freed_memory.h"
#include "tests/bench/store_bench_support.h"
#include "tests/bench/synthetic_service.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

constexpr double kMega = 1e6;

double MemoryBytesPerSecond() {
  std::vector<char> from(64U << 20, 1);
  std::vector<char> to(64U << 20, 2);
  return static_cast<double>(from.size()) /
         Best(5, [&] { std::memcpy(to.data(), from.data(), from.size()); });
}

// The best rule there is: a site for each leaf function.
std::shared_ptr<const SiteAttributor> Attributor() { return Must(SiteAttributor::Create({})); }

// A store of one target that was scraped every minute, and what asking it takes.
class OneTarget {
 public:
  OneTarget(std::size_t sites, std::size_t scrapes) : scrapes_(scrapes) {
    SyntheticService service(1, sites, 3.0 * static_cast<double>(sites));
    for (std::size_t i = 0; i < scrapes; ++i) {
      const HeapProfile& profile = service.Next();
      append_seconds_ += Best(1, [&] { Must(store_->Append(labels_, Minute(i), profile)); });
    }
    site_ = Must(store_->Window(target_, Minute(0), Minute(0), *attributor_)).sites[sites / 2];
  }

  double append_seconds() const { return append_seconds_; }
  double WindowSeconds(std::size_t minutes) const {
    return Best(7, [&] {
      Must(store_->Window(target_, Minute(scrapes_ - minutes), Minute(scrapes_ - 1), *attributor_));
    });
  }
  double OneSiteSeconds(std::size_t minutes) const {
    const SiteFilter is_it = [&](const Site& other) { return other == site_; };
    return Best(9, [&] {
      Must(store_->Series(target_, Minute(scrapes_ - minutes), Minute(scrapes_ - 1), *attributor_,
                          is_it));
    });
  }
  double ProfileSeconds() const {
    return Best(9, [&] { Must(store_->ProfileAt(target_, Minute(scrapes_ / 2 + 170))); });
  }

 private:
  const TemporaryDirectory directory_;
  const std::unique_ptr<RocksStore> store_ = Must(RocksStore::Open(directory_.path()));
  const Labels labels_ = {{"job", "synthetic"}};
  const TargetId target_ = TargetId::Of(labels_);
  const std::shared_ptr<const SiteAttributor> attributor_ = Attributor();
  const std::size_t scrapes_;
  double append_seconds_ = 0;
  Site site_;
};

constexpr std::size_t kDay = 1440;  // minutes

double ValuesPerSecond(std::size_t sites, std::size_t scrapes, double seconds) {
  return 4.0 * static_cast<double>(sites * scrapes) / seconds;
}

}  // namespace

void PrintSpeed() {
  constexpr std::size_t kSites = 1000;
  const double memory = MemoryBytesPerSecond();
  const OneTarget target(kSites, kDay);
  std::printf(
      "\nSpeed, %zu sites a minute apart for a day; CPU time of the whole process, the best of "
      "some runs\n",
      kSites);
  std::printf("  append             %8.1f M values/s of one core\n",
              ValuesPerSecond(kSites, kDay, target.append_seconds()) / kMega);
  const auto read = [&](const char* what, std::size_t minutes) {
    const double seconds = target.WindowSeconds(minutes);
    const double per_second = ValuesPerSecond(kSites, minutes, seconds);
    std::printf(
        "  %-18s %8.2f ms, %.0f M values/s, %.0f %% of what copying the window's memory allows\n",
        what, seconds * 1e3, per_second / kMega, 100 * per_second * 8 / memory);
  };
  read("all sites, 6 h", kDay / 4);
  read("all sites, 24 h", kDay);
  std::printf("  one site, 24 h     %8.2f ms\n", target.OneSiteSeconds(kDay) * 1e3);
  std::printf("  one profile        %8.2f ms\n", target.ProfileSeconds() * 1e3);
  std::printf("  (memory is copied at %.1f GB/s)\n", memory / 1e9);
}

void PrintGrowth() {
  std::printf(
      "\nHow it grows; of a target scraped every minute, CPU time in ms\n"
      "  sites  days  append, M values/s  all sites, 6 h   all sites, all   one site, all   one "
      "profile\n");
  for (const auto& [sites, days] :
       {std::pair{250U, 1U}, {1000U, 1U}, {4000U, 1U}, {1000U, 2U}, {1000U, 4U}}) {
    const std::size_t scrapes = days * kDay;
    const OneTarget target(sites, scrapes);
    std::printf("  %5u  %4u  %18.1f  %14.2f  %15.2f  %14.2f  %12.2f\n", sites, days,
                ValuesPerSecond(sites, scrapes, target.append_seconds()) / kMega,
                target.WindowSeconds(kDay / 4) * 1e3, target.WindowSeconds(scrapes) * 1e3,
                target.OneSiteSeconds(scrapes) * 1e3, target.ProfileSeconds() * 1e3);
  }
}

// One site over the replicas of a service for a week: as it was taken, and aged as it is by
// default.
void PrintReplicas() {
  constexpr std::size_t kTargets = 50;
  constexpr std::size_t kSites = 1000;
  constexpr std::size_t kScrapes = std::size_t{7} * 24 * 60;
  const TemporaryDirectory directory;
  const auto store = Must(RocksStore::Open(directory.path()));
  SyntheticService service(1, kSites, 3.0 * kSites);
  const auto labels = [](std::size_t t) { return Labels{{"instance", std::to_string(t)}}; };
  for (std::size_t i = 0; i < kScrapes; ++i) {
    const HeapProfile& profile = service.Next();
    for (std::size_t t = 0; t < kTargets; ++t) Must(store->Append(labels(t), Minute(i), profile));
  }
  const auto attributor = Attributor();
  const Time end = Minute(kScrapes);
  const Site site =
      Must(store->Window(TargetId::Of(labels(0)), end - std::chrono::hours(1), end, *attributor))
          .sites[kSites / 2];
  const SiteFilter is_it = [&](const Site& other) { return other == site; };
  const auto print = [&](const char* what) {
    std::size_t values = 0;
    const double seconds = Best(5, [&] {
      values = 0;
      for (std::size_t t = 0; t < kTargets; ++t) {
        const SomeSeries series =
            Must(store->Series(TargetId::Of(labels(t)), Minute(0), end, *attributor, is_it));
        values += 4 * series.times.size();
      }
    });
    std::printf("  %-18s %8.1f ms, %.1f M values\n", what, seconds * 1e3,
                static_cast<double>(values) / kMega);
  };
  std::printf("\nOne site of %zu over 7 days on %zu replicas\n", kSites, kTargets);
  print("as taken");
  Retention retention;
  retention.resolutions = {{std::chrono::hours(4 * 24), std::chrono::minutes(10)}};
  Must(store->Age(retention, end));
  print("aged by default");
}

namespace {

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

// A thousand targets of a thousand sites, a minute apart, for an hour.
void PrintMemory() {
  constexpr std::size_t kTargets = 1000;
  constexpr std::size_t kSites = 1000;
  constexpr std::size_t kScrapes = 60;
  const TemporaryDirectory directory;
  const auto store =
      Must(RocksStore::Open(directory.path(), {.memory_limit_bytes = std::size_t{512} << 20}));
  SyntheticService service(1, kSites, 3.0 * kSites);
  double most = 0;
  const double start = CpuSeconds();
  for (std::size_t i = 0; i < kScrapes; ++i) {
    const HeapProfile& profile = service.Next();
    for (std::size_t t = 0; t < kTargets; ++t) {
      Must(store->Append({{"instance", std::to_string(t)}}, Minute(i), profile));
    }
    most = std::max(most, ResidentBytes());
  }
  const double values = 4.0 * kTargets * kSites * kScrapes;
  std::printf(
      "\nMemory, %zu targets x %zu sites a minute apart for an hour, --storage.memory-limit "
      "512MiB\n"
      "  resident at most   %8.0f MiB (to stay below 1024)\n"
      "  on disk            %8.3f B/value, before anything is packed\n"
      "  append             %8.1f M values/s of one core\n",
      kTargets, kSites, most / (1 << 20), static_cast<double>(BytesOf(directory.path())) / values,
      values / (CpuSeconds() - start) / kMega);
}

}  // namespace heapwatch

int main(int argc, char** argv) {
  heapwatch::KeepFreedMemory();  // as the service does
  const std::string_view only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "at-rest") heapwatch::PrintAtRest();
  if (only.empty() || only == "others") heapwatch::PrintOthersAtRest();
  if (only.empty() || only == "speed") heapwatch::PrintSpeed();
  if (only.empty() || only == "growth") heapwatch::PrintGrowth();
  if (only.empty() || only == "replicas") heapwatch::PrintReplicas();
  if (only.empty() || only == "memory") heapwatch::PrintMemory();
}
