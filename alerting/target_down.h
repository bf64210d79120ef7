// Targets that cannot be watched: as findings, one for each service, so that a service whose pods
// are all gone is one alert and not forty-eight. Time is an argument.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// How the scraping of one target goes.
struct TargetHealth {
  Labels target;
  std::optional<Time> down_since;  // nothing where it is up, or is not to be scraped
  std::string error;
};

std::vector<Finding> GroupDownTargets(const std::vector<TargetHealth>& targets);

// Since when targets have been down, over a restart of the service as well. Not thread-safe.
class DownTimes {
 public:
  // `is_up` is absent where the target was not asked since the start: what was known of it stays.
  // Gives what down_since should be.
  std::optional<Time> Update(const Labels& target, std::optional<bool> is_up, Time now);
  // Forgets the targets that were not updated since the last call; where `found_jobs` are those of
  // some jobs only, as in AlertState::Circumstances, just theirs.
  void EndRound(const std::optional<std::set<std::string>>& found_jobs = std::nullopt);

  // JSON, with its version in it. Restore passes over entries that it cannot read, and gives what
  // they are and why; it fails with kCorrupt and changes nothing where the whole text cannot be
  // read. What was saved more than kMostAway before `now` is no longer true.
  std::string Save(Time now) const;
  Result<std::vector<std::string>> Restore(std::string_view text, Time now);

  static constexpr Duration kMostAway = std::chrono::minutes(5);

 private:
  std::map<Labels, Time> since_;
  std::map<Labels, Time> round_;  // those of the round under way
};

}  // namespace heapwatch
