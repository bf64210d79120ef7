#include "watcher/discovery/discovery.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "watcher/discovery/dns_discoverer.h"
#include "watcher/discovery/file_discoverer.h"
#include "watcher/discovery/http_discoverer.h"
#include "watcher/discovery/kubernetes_discoverer.h"

namespace heapwatch {

namespace asio = boost::asio;

// One discoverer, and what it found last.
struct Discovery::Running {
  DiscoveryConfig config;
  TaskGroup::Handle task;
  bool has_reported = false;
  std::shared_ptr<const TargetGroups> groups;  // never null
  DiscoveryStatus status;
};

namespace {

std::size_t CountTargets(const TargetGroups& groups) {
  std::size_t count = 0;
  for (const StaticConfig& group : groups) count += group.targets.size();
  return count;
}

void LogChange(const DiscoveryStatus& status, const std::string& error_before) {
  if (status.error == error_before) return;
  if (status.error.empty())
    spdlog::info("discovery of job \"{}\" by {} is well again: {}", status.job, status.mechanism,
                 status.place);
  else
    spdlog::warn("discovery of job \"{}\" by {} fails, the targets found before stay: {}",
                 status.job, status.mechanism, status.error);
}

}  // namespace

Discovery::Discovery(DiscoveryParts parts)
    : parts_(std::move(parts)), tasks_(parts_.io, parts_.on_failure) {}

void Discovery::Apply(const std::vector<ScrapeConfig>& jobs) {
  const std::scoped_lock lock(mutex_);
  auto before = std::exchange(running_, {});
  std::vector<std::shared_ptr<Running>> fresh;
  for (const ScrapeConfig& job : jobs) {
    for (const DiscoveryConfig& config : job.discovery_configs) {
      const auto same = std::find_if(before.begin(), before.end(), [&](const auto& running) {
        return running->status.job == job.job_name && running->config == config;
      });
      if (same != before.end()) {
        running_.push_back(*same);
        before.erase(same);
        continue;
      }
      const auto running = std::make_shared<Running>();
      running->config = config;
      running->status.job = job.job_name;
      running->status.mechanism = MechanismOf(config);
      running->status.place = PlaceOf(config);
      running->groups = std::make_shared<const TargetGroups>();
      running_.push_back(running);
      fresh.push_back(running);
    }
  }
  for (const auto& gone : before) {
    gone->task.Cancel();
    // Until its successor has looked, what it found stands.
    const auto heir = std::find_if(fresh.begin(), fresh.end(), [&](const auto& running) {
      return running->status.job == gone->status.job && running->groups->empty();
    });
    if (heir != fresh.end()) (*heir)->groups = gone->groups;
  }
  for (const auto& running : fresh)
    running->task = tasks_.Spawn("discovery of " + running->status.place, Run(running));
}

asio::awaitable<void> Discovery::Run(std::shared_ptr<Running> running) {
  const auto discoverer = parts_.make(running->config);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  // Not a temporary: GCC 12 destroys those of a co_await twice.
  const std::function<void(DiscoveryReport)> report = [&](DiscoveryReport found) {
    // A look that a reload or the stop cuts off says nothing about its place.
    if (cancellation.cancelled() == asio::cancellation_type::none) Take(*running, std::move(found));
  };
  co_await discoverer->Run(report);
}

void Discovery::Take(Running& running, DiscoveryReport report) {
  bool is_changed = false;
  {
    const std::scoped_lock lock(mutex_);
    is_changed = !running.has_reported;
    running.has_reported = true;
    DiscoveryStatus& status = running.status;
    // A first look that fails and finds nothing tells less than what was found before a reload.
    const bool is_blind =
        !report.error.empty() && !status.last_success && report.groups && report.groups->empty();
    if (report.groups && !is_blind && *report.groups != *running.groups) {
      running.groups = std::make_shared<const TargetGroups>(*std::move(report.groups));
      is_changed = true;
    }
    status.targets = CountTargets(*running.groups);
    const std::string error_before = std::exchange(status.error, std::move(report.error));
    if (status.error.empty()) {
      is_changed = is_changed || !status.last_success;
      status.last_success = parts_.clock.Now();
    } else {
      ++status.failures;
    }
    LogChange(status, error_before);
  }
  if (is_changed) parts_.on_change();
}

FoundGroups Discovery::Groups() const {
  const std::scoped_lock lock(mutex_);
  FoundGroups groups;
  for (const auto& running : running_) groups[running->status.job].push_back(running->groups);
  return groups;
}

std::vector<DiscoveryStatus> Discovery::Statuses() const {
  const std::scoped_lock lock(mutex_);
  std::vector<DiscoveryStatus> statuses;
  for (const auto& running : running_) statuses.push_back(running->status);
  return statuses;
}

std::set<std::string> Discovery::UnfoundJobs() const {
  const std::scoped_lock lock(mutex_);
  std::set<std::string> jobs;
  for (const auto& running : running_)
    if (!running->status.last_success) jobs.insert(running->status.job);
  return jobs;
}

bool Discovery::HasReported() const {
  const std::scoped_lock lock(mutex_);
  return std::all_of(running_.begin(), running_.end(),
                     [](const auto& running) { return running->has_reported; });
}

bool Discovery::Stop(Duration timeout) {
  tasks_.Cancel();
  return tasks_.WaitFor(timeout);
}

std::unique_ptr<Discoverer> MakeDiscoverer(const DiscoveryConfig& config,
                                           const asio::any_io_executor& cpu) {
  if (const auto* file = std::get_if<FileSdConfig>(&config))
    return std::make_unique<FileDiscoverer>(*file, cpu);
  if (const auto* http = std::get_if<HttpSdConfig>(&config))
    return std::make_unique<HttpDiscoverer>(*http, cpu);
  if (const auto* dns = std::get_if<DnsSdConfig>(&config))
    return std::make_unique<DnsDiscoverer>(*dns);
  return std::make_unique<KubernetesDiscoverer>(std::get<KubernetesSdConfig>(config), cpu);
}

}  // namespace heapwatch
