// From what is configured and found to what is watched: relabels, drops duplicates, holds each job
// to its target_limit, and lets go of what discovery lost only after a while.
//
// A target that discovery lost is scraped no more at once, but stays known, with its findings and
// alerts, for a grace of five minutes or three of its intervals: places where targets are found
// have their bad moments. What a changed configuration takes away is gone at once. Pure but for
// its memory; one thread at a time.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/targets.h"
#include "watcher/discovery/discoverer.h"

namespace heapwatch {

// By job: what each of its discoverers has found.
using FoundGroups = std::map<std::string, std::vector<std::shared_ptr<const TargetGroups>>>;

// What is not watched though it was found.
struct DroppedTarget {
  enum class Reason : std::uint8_t { kRelabelling, kDuplicate, kInvalid };
  std::string job;
  Labels discovered;
  Reason reason = Reason::kRelabelling;
  std::string message;  // what is wrong, or which target has the same labels
};
std::string_view ToString(DroppedTarget::Reason reason);

struct JobTargets {
  std::string job;
  std::size_t targets = 0;  // without those lost
  std::map<DroppedTarget::Reason, std::size_t> dropped;
  bool is_over_limit = false;
};

struct TargetPlan {
  std::vector<Target> targets;
  std::map<Labels, Labels> discovered;  // of each target, before relabelling
  std::vector<DroppedTarget> dropped;   // the first thousand of each job
  std::vector<JobTargets> jobs;         // in the order of the configuration
};

class TargetSet {
 public:
  explicit TargetSet(Duration grace = std::chrono::minutes(5)) : grace_(grace) {}

  std::shared_ptr<const TargetPlan> Update(const std::vector<ScrapeConfig>& jobs,
                                           const FoundGroups& groups, Time now);
  // When a target that was lost is due to be forgotten.
  std::optional<Time> next_forgotten() const;

 private:
  struct Job {
    ScrapeConfig config;
    std::vector<std::shared_ptr<const TargetGroups>> groups;
    std::vector<FoundTarget> found;
  };
  struct Known {
    Target target;
    Labels discovered;
    std::string job;
  };

  void Expand(const std::vector<ScrapeConfig>& jobs, const FoundGroups& groups);
  void AddJob(const Job& job, std::map<Labels, Known>& taken, TargetPlan& plan) const;
  void AddLost(std::map<Labels, Known>& taken, Time now, TargetPlan& plan);
  Time ForgetAt(const Target& lost) const;

  const Duration grace_;
  std::vector<Job> jobs_;
  std::map<Labels, Known> known_;  // what is watched, those lost too
};

}  // namespace heapwatch
