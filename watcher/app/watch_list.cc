#include "watcher/app/watch_list.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <string>
#include <utility>

#include "watcher/net/run_on.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

// Gathers what several discoverers report, and finds the end of a grace.
constexpr auto kLookEvery = std::chrono::milliseconds(250);
constexpr auto kFirstLookAtMost = std::chrono::seconds(10);

void LogChanges(const TargetPlan& before, const TargetPlan& now) {
  using Reason = DroppedTarget::Reason;
  std::map<std::string, JobTargets> known;
  for (const JobTargets& job : before.jobs) known.emplace(job.job, job);
  for (const JobTargets& job : now.jobs) {
    JobTargets& old = known[job.job];
    for (const Reason reason : {Reason::kDuplicate, Reason::kInvalid}) {
      const auto count = job.dropped.find(reason);
      if (count == job.dropped.end() || count->second <= old.dropped[reason]) continue;
      const auto example =
          std::find_if(now.dropped.begin(), now.dropped.end(), [&](const DroppedTarget& dropped) {
            return dropped.job == job.job && dropped.reason == reason;
          });
      spdlog::warn("job \"{}\": {} targets are dropped as {}{}", job.job, count->second,
                   ToString(reason),
                   example == now.dropped.end() ? "" : ", the first of them: " + example->message);
    }
    if (job.is_over_limit && !old.is_over_limit)
      spdlog::error("job \"{}\" is not scraped: its {} targets are more than its target_limit",
                    job.job, job.targets);
    if (!job.is_over_limit && old.is_over_limit)
      spdlog::info("job \"{}\" is scraped again: its {} targets are within its target_limit",
                   job.job, job.targets);
  }
}

}  // namespace

WatchList::WatchList(WatchListParts parts)
    : parts_(std::move(parts)),
      discovery_(
          {.io = parts_.io,
           .clock = parts_.clock,
           .make =
               [this](const DiscoveryConfig& config) { return MakeDiscoverer(config, parts_.cpu); },
           .on_change = [this] { is_outdated_ = true; },
           .on_failure = parts_.on_failure}) {}

void WatchList::Configure(std::shared_ptr<const Settings> settings) {
  {
    const std::scoped_lock lock(renew_mutex_);
    configured_ = std::move(settings);
    discovery_.Apply(configured_->config->scrape_configs);
  }
  Renew();
}

void WatchList::Renew() {
  const std::scoped_lock lock(renew_mutex_);
  is_outdated_ = false;
  // Before the groups: what is found in between counts as unfound for a moment more.
  const auto unfound_jobs = discovery_.UnfoundJobs();
  const std::vector<ScrapeConfig>& jobs = configured_->config->scrape_configs;
  const auto plan = set_.Update(jobs, discovery_.Groups(), parts_.clock.Now());
  LogChanges(*Plan(), *plan);
  {
    const std::scoped_lock plan_lock(plan_mutex_);
    plan_ = plan;
  }
  auto settings = std::make_shared<Settings>(*configured_);
  settings->targets = plan->targets;
  if (!unfound_jobs.empty()) settings->found_jobs.emplace();
  for (const ScrapeConfig& job : jobs)
    if (settings->found_jobs && !unfound_jobs.contains(job.job_name))
      settings->found_jobs->insert(job.job_name);
  parts_.watch(std::move(settings));
}

asio::awaitable<void> WatchList::Run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kLookEvery);
    co_await timer.async_wait(asio::use_awaitable);
    co_await RunOn(parts_.cpu, [this] {
      const auto forgets = [&] {
        const std::scoped_lock lock(renew_mutex_);
        const auto next = set_.next_forgotten();
        return next && *next <= parts_.clock.Now();
      };
      if (is_outdated_ || forgets()) Renew();
    });
  }
}

asio::awaitable<void> WatchList::FirstLook() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto deadline = std::chrono::steady_clock::now() + kFirstLookAtMost;
  while (!discovery_.HasReported() && std::chrono::steady_clock::now() < deadline) {
    timer.expires_after(kLookEvery);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (is_outdated_) co_await RunOn(parts_.cpu, [this] { Renew(); });
}

std::shared_ptr<const TargetPlan> WatchList::Plan() const {
  const std::scoped_lock lock(plan_mutex_);
  return plan_;
}

}  // namespace heapwatch
