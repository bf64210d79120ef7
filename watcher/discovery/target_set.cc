#include "watcher/discovery/target_set.h"

#include <algorithm>
#include <set>
#include <utility>

namespace heapwatch {
namespace {

constexpr std::size_t kMostDropped = 1000;

void Drop(DroppedTarget dropped, JobTargets& count, TargetPlan& plan) {
  std::size_t all = 0;
  for (const auto& [reason, number] : count.dropped) all += number;
  ++count.dropped[dropped.reason];
  if (all < kMostDropped) plan.dropped.push_back(std::move(dropped));
}

}  // namespace

std::string_view ToString(DroppedTarget::Reason reason) {
  switch (reason) {
    case DroppedTarget::Reason::kRelabelling:
      return "relabelling";
    case DroppedTarget::Reason::kDuplicate:
      return "duplicate";
    case DroppedTarget::Reason::kInvalid:
      return "invalid";
  }
  return "";
}

std::shared_ptr<const TargetPlan> TargetSet::Update(const std::vector<ScrapeConfig>& jobs,
                                                    const FoundGroups& groups, Time now) {
  // A job that was changed or removed lets go of its targets at once.
  std::erase_if(known_, [&](const auto& entry) {
    const auto before = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) {
      return job.config.job_name == entry.second.job;
    });
    return std::find(jobs.begin(), jobs.end(), before->config) == jobs.end();
  });
  Expand(jobs, groups);
  const auto plan = std::make_shared<TargetPlan>();
  std::map<Labels, Known> taken;
  for (const Job& job : jobs_) AddJob(job, taken, *plan);
  AddLost(taken, now, *plan);
  known_ = std::move(taken);
  for (const auto& [labels, known] : known_) plan->discovered.emplace(labels, known.discovered);
  return plan;
}

void TargetSet::Expand(const std::vector<ScrapeConfig>& jobs, const FoundGroups& groups) {
  std::vector<Job> before = std::exchange(jobs_, {});
  for (const ScrapeConfig& config : jobs) {
    const auto found = groups.find(config.job_name);
    Job job{config, {}, {}};
    if (found != groups.end()) job.groups = found->second;
    const auto same = std::find_if(before.begin(), before.end(), [&](const Job& old) {
      return old.config == config && old.groups == job.groups;
    });
    if (same != before.end()) {
      job.found = std::move(same->found);
    } else {
      const Relabeler relabeler(config.relabel_configs);
      const auto add = [&](const StaticConfig& group) {
        auto more = TargetsOf(config, relabeler, group);
        std::move(more.begin(), more.end(), std::back_inserter(job.found));
      };
      for (const StaticConfig& group : config.static_configs) add(group);
      for (const auto& list : job.groups)
        for (const StaticConfig& group : *list) add(group);
    }
    jobs_.push_back(std::move(job));
  }
}

void TargetSet::AddJob(const Job& job, std::map<Labels, Known>& taken, TargetPlan& plan) const {
  using Reason = DroppedTarget::Reason;
  const std::string& name = job.config.job_name;
  JobTargets& count = plan.jobs.emplace_back();
  count.job = name;
  const std::size_t begin = plan.targets.size();
  for (const FoundTarget& found : job.found) {
    if (!found.target) {
      Drop({name, found.discovered, Reason::kInvalid, found.target.error().message}, count, plan);
    } else if (const auto& target = *found.target; !target) {
      Drop({name, found.discovered, Reason::kRelabelling, ""}, count, plan);
    } else if (!taken.emplace(target->labels, Known{*target, found.discovered, name}).second) {
      Drop({name, found.discovered, Reason::kDuplicate,
            "another target is " + ToString(target->labels) + " already"},
           count, plan);
    } else {
      plan.targets.push_back(*target);
    }
  }
  count.targets = plan.targets.size() - begin;
  count.is_over_limit = job.config.target_limit > 0 && count.targets > job.config.target_limit;
  if (!count.is_over_limit) return;
  for (std::size_t i = begin; i < plan.targets.size(); ++i)
    plan.targets[i].refusal =
        "not scraped: job \"" + name + "\" has " + std::to_string(count.targets) +
        " targets, more than its target_limit of " + std::to_string(job.config.target_limit);
}

void TargetSet::AddLost(std::map<Labels, Known>& taken, Time now, TargetPlan& plan) {
  for (auto& [labels, known] : known_) {
    if (taken.contains(labels)) continue;
    if (!known.target.lost) known.target.lost = now;
    known.target.refusal.clear();
    if (ForgetAt(known.target) <= now) continue;
    plan.targets.push_back(known.target);
    taken.emplace(labels, std::move(known));
  }
}

Time TargetSet::ForgetAt(const Target& lost) const {
  return *lost.lost + std::max(grace_, 3 * lost.interval);
}

std::optional<Time> TargetSet::next_forgotten() const {
  std::optional<Time> next;
  for (const auto& [labels, known] : known_)
    if (known.target.lost) next = std::min(next.value_or(Time::max()), ForgetAt(known.target));
  return next;
}

}  // namespace heapwatch
