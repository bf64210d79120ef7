// Scrapes every target at its moments (schedule.h): fetch, decode, hand to the sink; and keeps the
// status of each.
//
// Of one target there is never more than one scrape under way, not even across a change of its
// settings; over all there are at most max_concurrent. Fetching happens on `io`; decoding and the
// sink run on `cpu`, no more of them at once than it has threads. The memory for all bodies, on the
// wire and inflated, has a bound (net/byte_budget.h); one that is known to be large waits for its
// part before the target is asked, as one of the max_concurrent. Where a target has a metrics_url,
// that is asked after each profile that came, for what it tells of the process; that this fails is
// told and does no harm. A target that costs more than the budget, or fails, is scraped less often
// (scrape_pace.h). A snapshot's time is our clock's when its scrape began. What fails is told in
// the target's status, logged when it begins and when it ends, and hands nothing to the sink.
// Apply, Statuses and Stop may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"
#include "config/targets.h"
#include "watcher/net/byte_budget.h"
#include "watcher/net/clock.h"
#include "watcher/net/permits.h"
#include "watcher/net/task_group.h"
#include "watcher/scrape/fetcher.h"
#include "watcher/scrape/process_metrics.h"
#include "watcher/scrape/scrape_stop.h"
#include "watcher/scrape/target_status.h"

namespace heapwatch {

// The target has done its part, the store has not.
inline constexpr std::string_view kStoreFailure = "store";

// What one scrape came to: for metrics.
struct ScrapeOutcome {
  Duration duration{};  // of the fetch
  std::size_t body_bytes = 0;
  // "" for none, else "timeout", "unavailable", ... as ErrorCode, or kStoreFailure.
  std::string_view failure;
};

struct ScraperParts {
  boost::asio::any_io_executor io;
  boost::asio::any_io_executor cpu;
  const Clock& clock;
  Fetcher& fetcher;
  // Keeps the profile; durable when it returns. Called from several threads at once.
  std::function<Result<void>(const Target&, Time, const HeapProfile&)> sink;
  std::function<void(const ScrapeOutcome&)> observe;
  // What keeps a target from being scraped; asked before each scrape, from several threads.
  std::function<std::optional<ScrapeStop>(const Labels&)> stop_of;
  TaskGroup::OnFailure on_failure;
  // A quarter of them at most goes to targets that failed last: those may hang till their time-out.
  std::size_t max_concurrent = 200;
};

class Scraper {
 public:
  explicit Scraper(ScraperParts parts);

  // Scrapes these targets from now on, and no others. One that was there before, unchanged, keeps
  // its rhythm; by its labels alone it keeps its status. One that was lost keeps its status only.
  void Apply(const std::vector<Target>& targets);
  // What scraping may cost from now on.
  void SetBudget(const ScrapeBudgetConfig& budget);
  std::vector<TargetStatus> Statuses() const;  // ordered by labels
  ByteBudget::Usage memory() const { return memory_.usage(); }
  // Ends all scraping; one that has reached the sink is finished first. False if that took longer
  // than `timeout`.
  bool Stop(Duration timeout);

 private:
  struct Watched;
  struct Failure {
    std::string_view reason;
    std::string message;
  };
  // The work of a scrape that needs no waiting: from the body to what the sink keeps.
  std::optional<Failure> Ingest(const Target& target, Time time, const std::string& body,
                                std::optional<std::int64_t> resident_bytes);
  struct Allowance {
    ScrapeBudgetConfig budget;
    double fair_bytes_per_minute;
  };
  Allowance Allowed();
  boost::asio::awaitable<Result<ProcessMetrics>> AskProcess(Target target, ByteShare& memory);
  Decoder TakeDecoder();
  void HandBack(Decoder decoder);
  boost::asio::awaitable<void> Loop(std::shared_ptr<Watched> watched, Target target);
  boost::asio::awaitable<void> ScrapeOnce(std::shared_ptr<Watched> watched, const Target& target,
                                          ByteShare& memory);

  ScraperParts parts_;
  Permits permits_;
  Permits permits_of_failing_;
  ByteBudget memory_{ScrapeBudgetConfig().bytes_in_flight};
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  // Guarded by mutex_, up to the next empty line.
  std::map<Labels, std::shared_ptr<Watched>> watched_;
  ScrapeBudgetConfig budget_;
  double fair_bytes_per_minute_ = 0;
  std::optional<std::chrono::steady_clock::time_point> fair_since_;

  std::mutex decoders_mutex_;
  // Those at rest, with their memory; guarded by decoders_mutex_. At most one for each cpu thread.
  std::vector<Decoder> decoders_;
};

}  // namespace heapwatch
