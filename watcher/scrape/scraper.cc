#include "watcher/scrape/scraper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

#include "analysis/base/attempt.h"
#include "analysis/profile/inflate.h"
#include "watcher/net/run_on.h"
#include "watcher/scrape/schedule.h"

namespace heapwatch {

namespace asio = boost::asio;

// What outlives a target's loop when its settings change.
struct Scraper::Watched {
  explicit Watched(const asio::any_io_executor& executor) : turn(executor, 1) {}

  // By how much the next scrape is put off.
  Duration Rest() const {
    const std::scoped_lock lock(mutex);
    return status.pace.interval - status.interval;
  }

  std::size_t MemoryOfLast() const {
    const std::scoped_lock lock(mutex);
    return memory_of_last;
  }

  bool IsFailing() const {
    const std::scoped_lock lock(mutex);
    return status.last_scrape && !status.up;
  }

  Permits turn;   // to scrape it
  Target target;  // guarded by Scraper::mutex_, as is the handle
  TaskGroup::Handle loop;
  mutable std::mutex mutex;
  ScrapePace pace;  // guarded by mutex, as are the next three
  PaceNews pace_news;
  TargetStatus status;
  std::size_t memory_of_last = 0;  // that its last body took; 0 where none came
};

namespace {

bool IsScraped(const Target& target) { return !target.lost && target.stop_reason.empty(); }

void LogChange(const TargetStatus& before, const TargetStatus& now, bool is_pace_news) {
  if (!now.up && (before.up || before.last_error != now.last_error))
    spdlog::warn("target {} is down: {}: {}", ToString(now.labels), now.url, now.last_error);
  if (now.up && !before.up) spdlog::info("target {} is up: {}", ToString(now.labels), now.url);
  if (!now.metrics_error.empty() && now.metrics_error != before.metrics_error)
    spdlog::warn("target {} does not tell of its process: {}", ToString(now.labels),
                 now.metrics_error);
  if (!is_pace_news) return;
  if (now.pace.reason == StretchReason::kNone) {
    spdlog::info("target {} is scraped every {} again", ToString(now.labels),
                 FormatDuration(now.interval));
  } else {
    spdlog::info("target {} is scraped every {} instead of {}: {}", ToString(now.labels),
                 FormatDuration(now.pace.interval), FormatDuration(now.interval),
                 Explain(now.pace.reason));
  }
}

// A body that is too large for what memory there is costs its target this scrape alone.
asio::awaitable<Result<std::string>> WithinMemory(asio::awaitable<Result<std::string>> fetch) {
  try {
    co_return co_await std::move(fetch);
  } catch (const std::bad_alloc&) {
    co_return Fail(ErrorCode::kInternal, "out of memory");
  }
}

void Tell(const Result<ProcessMetrics>& process, const Target& target, TargetStatus& status) {
  status.metrics_error = process ? "" : process.error().message;
  status.gc_cpu_share = process ? GcCpuShare(status.process, *process) : std::nullopt;
  if (!process) return status.process.reset();
  status.process = *process;
  if (!target.memory_limit_bytes) status.memory_limit_bytes = process->memory_limit_bytes;
}

}  // namespace

Decoder Scraper::TakeDecoder() {
  const std::scoped_lock lock(decoders_mutex_);
  if (decoders_.empty()) return Decoder();
  Decoder decoder = std::move(decoders_.back());
  decoders_.pop_back();
  return decoder;
}

void Scraper::HandBack(Decoder decoder) {
  const std::scoped_lock lock(decoders_mutex_);
  decoders_.push_back(std::move(decoder));
}

std::optional<Scraper::Failure> Scraper::Ingest(const Target& target, Time time,
                                                const std::string& body,
                                                std::optional<std::int64_t> resident_bytes) {
  DecodeLimits limits;
  limits.inflated_bytes = target.body_size_limit_bytes;
  Decoder decoder = TakeDecoder();
  decoder.set_limits(limits);
  auto profile = Attempt([&] { return decoder.Decode(body); });
  if (!profile) {
    // One that threw may have stopped half-way.
    if (profile.error().code != ErrorCode::kInternal) HandBack(std::move(decoder));
    return Failure{ToString(profile.error().code), profile.error().message};
  }
  profile->resident_bytes = resident_bytes;
  const auto kept = Attempt([&] { return parts_.sink(target, time, *profile); });
  decoder.Recycle(*std::move(profile));
  HandBack(std::move(decoder));
  if (kept) return std::nullopt;
  return Failure{kStoreFailure, "scraped, but it could not be stored: " + kept.error().message};
}

Scraper::Scraper(ScraperParts parts)
    : parts_(std::move(parts)),
      permits_(parts_.io, parts_.max_concurrent),
      permits_of_failing_(parts_.io, std::max<std::size_t>(1, parts_.max_concurrent / 4)),
      tasks_(parts_.io, parts_.on_failure) {}

void Scraper::Apply(const std::vector<Target>& targets) {
  const std::scoped_lock lock(mutex_);
  std::map<Labels, std::shared_ptr<Watched>> wanted;
  std::map<std::string, std::size_t> stopped;  // of those stopped from now on: by reason
  for (const Target& target : targets) {
    const auto known = watched_.find(target.labels);
    auto watched = known == watched_.end() ? std::make_shared<Watched>(parts_.io) : known->second;
    wanted[target.labels] = watched;
    if (known != watched_.end() && watched->target == target) continue;
    watched->loop.Cancel();
    watched->target = target;
    {
      const std::scoped_lock status_lock(watched->mutex);
      watched->status.labels = target.labels;
      watched->status.url = target.url;
      watched->status.interval = target.interval;
      watched->status.pace = {target.interval, StretchReason::kNone};
      watched->status.memory_limit_bytes = target.memory_limit_bytes;
      watched->status.process.reset();
      watched->status.gc_cpu_share.reset();
      watched->status.metrics_error.clear();
      watched->status.lost = target.lost;
      auto& stop = watched->status.stopped;
      if (target.stop_reason.empty()) {
        stop.reset();
      } else if (!stop || stop->reason != target.stop_reason) {
        stop = {target.labels, "the configuration", target.stop_reason, parts_.clock.Now()};
        ++stopped[target.stop_reason];
      }
    }
    if (IsScraped(target))
      watched->loop = tasks_.Spawn("scrape of " + target.url, Loop(watched, target));
  }
  for (const auto& [labels, watched] : watched_)
    if (!wanted.contains(labels)) watched->loop.Cancel();
  watched_ = std::move(wanted);
  for (const auto& [reason, count] : stopped)
    spdlog::warn("the configuration stops the scraping of {} target{}: {}", count,
                 count == 1 ? "" : "s", reason);
}

void Scraper::SetBudget(const ScrapeBudgetConfig& budget) {
  const std::scoped_lock lock(mutex_);
  if (budget == budget_) return;
  budget_ = budget;
  memory_.SetTotal(budget.bytes_in_flight);
  fair_since_.reset();
  // Those that wait long under the old one shall not.
  for (const auto& [labels, watched] : watched_) {
    if (!IsScraped(watched->target)) continue;
    watched->loop.Cancel();
    watched->loop =
        tasks_.Spawn("scrape of " + watched->target.url, Loop(watched, watched->target));
  }
}

// Of 10,000 targets it takes a while: it is not looked at more than once a second.
Scraper::Allowance Scraper::Allowed() {
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (fair_since_ && now - *fair_since_ < std::chrono::seconds(1))
    return {budget_, fair_bytes_per_minute_};
  std::vector<double> rates;
  rates.reserve(watched_.size());
  for (const auto& [labels, watched] : watched_) {
    const std::scoped_lock watched_lock(watched->mutex);
    rates.push_back(watched->pace.BytesPerMinute(watched->target.interval));
  }
  fair_since_ = now;
  fair_bytes_per_minute_ =
      FairShare(std::move(rates), static_cast<double>(budget_.total_bytes_per_minute));
  return {budget_, fair_bytes_per_minute_};
}

std::vector<TargetStatus> Scraper::Statuses() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TargetStatus> statuses;
  statuses.reserve(watched_.size());
  for (const auto& [labels, watched] : watched_) {
    const std::scoped_lock status_lock(watched->mutex);
    statuses.push_back(watched->status);
    if (!statuses.back().stopped) statuses.back().stopped = parts_.stop_of(labels);
  }
  return statuses;
}

bool Scraper::Stop(Duration timeout) {
  tasks_.Cancel();
  return tasks_.WaitFor(timeout);
}

asio::awaitable<void> Scraper::Loop(std::shared_ptr<Watched> watched, Target target) {
  const Duration offset = ScrapeOffset(target.labels, target.interval);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::optional<Time> last;
  for (;;) {
    const Time now = parts_.clock.Now();
    // The stretch is a multiple of the interval: the rhythm stays.
    const Duration rest = last ? watched->Rest() : Duration(0);
    const Time next = NextScrape(now + rest, last, target.interval, offset);
    timer.expires_after(next - now);
    co_await timer.async_wait(asio::use_awaitable);
    last = next;
    const Permits::Permit turn = co_await watched->turn.Acquire();
    std::optional<Permits::Permit> permit_of_failing;
    if (watched->IsFailing()) {
      Permits::Permit acquired = co_await permits_of_failing_.Acquire();
      permit_of_failing.emplace(std::move(acquired));
    }
    const Permits::Permit permit = co_await permits_.Acquire();
    // Memory comes last: who holds some waits for nothing but more of it.
    ByteShare memory(memory_);
    // A little more than last time: profiles grow.
    co_await memory.GrowTo(watched->MemoryOfLast() / 8 * 9);
    // Asked only now: it may have been stopped while it waited.
    if (!parts_.stop_of(target.labels)) co_await ScrapeOnce(watched, target, memory);
  }
}

asio::awaitable<Result<ProcessMetrics>> Scraper::AskProcess(Target target, ByteShare& memory) {
  const auto text = co_await WithinMemory(parts_.fetcher.FetchMetrics(target, memory));
  if (!text) co_return Fail(text.error().In(target.metrics_url));
  auto process = co_await RunOn(
      parts_.cpu, [&] { return Attempt([&] { return ParseProcessMetrics(*text); }); });
  if (!process) co_return Fail(process.error().In(target.metrics_url));
  co_return process;
}

asio::awaitable<void> Scraper::ScrapeOnce(std::shared_ptr<Watched> watched, const Target& target,
                                          ByteShare& memory) {
  const Time started = parts_.clock.Now();
  const auto ticks = std::chrono::steady_clock::now();
  const Duration waited = memory.waited();
  const auto body = co_await WithinMemory(parts_.fetcher.Fetch(target, memory));
  const auto elapsed =
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - ticks) -
      (memory.waited() - waited);
  std::optional<Result<ProcessMetrics>> process;
  if (body && !target.metrics_url.empty()) {
    Result<ProcessMetrics> told = co_await AskProcess(target, memory);
    process.emplace(std::move(told));
  }
  // A scrape cut off because the target is watched no longer says nothing about the target.
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return;

  std::optional<Failure> failure;
  const std::size_t taken = body ? body->capacity() : 0;
  if (body) {
    co_await memory.GrowTo(taken +
                           std::min(GuessInflatedSize(*body), target.body_size_limit_bytes));
    const auto resident_bytes = process && *process ? (*process)->resident_bytes : std::nullopt;
    failure =
        co_await RunOn(parts_.cpu, [&] { return Ingest(target, started, *body, resident_bytes); });
  } else {
    failure = Failure{ToString(body.error().code), body.error().message};
  }

  ScrapeOutcome outcome{elapsed, body ? body->size() : 0, failure ? failure->reason : ""};
  parts_.observe(outcome);
  // A body over the limit came nevertheless.
  const bool was_too_large = !body && body.error().code == ErrorCode::kLimit;
  const ScrapeCost cost{.serving = elapsed,
                        .bytes = was_too_large ? target.body_size_limit_bytes : outcome.body_bytes,
                        .failed = failure && failure->reason != kStoreFailure};
  const Allowance allowed = Allowed();
  const std::scoped_lock lock(watched->mutex);
  watched->pace.Observe(cost);
  watched->memory_of_last = taken;
  const TargetStatus before = watched->status;
  TargetStatus& status = watched->status;
  status.pace = watched->pace.Next(target.interval, allowed.budget, allowed.fair_bytes_per_minute);
  status.up = !failure;
  status.last_error = failure ? failure->message : "";
  if (process) Tell(*process, target, status);
  status.last_scrape = started;
  status.last_scrape_duration = elapsed;
  if (!failure) status.last_body_bytes = outcome.body_bytes;
  ++status.scrapes;
  if (failure) ++status.failures;
  LogChange(before, status, watched->pace_news.IsNews(status.pace.reason));
}

}  // namespace heapwatch
