// Puts an alert's finding into words with what the store has to show for it, and gives the diff
// that a webhook is sent. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alerting/alert_state.h"
#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/diff.h"
#include "config/config.h"
#include "watcher/store/store.h"

namespace heapwatch {

struct DescribeParts {
  const Store& store;
  const SiteAttributor& attributor;
  const std::string& external_url;
  bool asks_password;
  const std::vector<LinkConfig>& links;
  const std::map<Labels, double>& gc_cpu_shares;        // of the targets that tell
  const std::map<Labels, std::int64_t>& memory_limits;  // bytes, where known
  double gogc;
};

// The text of a finding's alert, with what grew between the two ends of the worst replica's window
// and how its load moved.
AlertText Describe(const Finding& finding, const Labels& labels, const DescribeParts& parts);

// What changed between the two heaps of the evidence.
Result<ProfileDiff> DiffOf(const Evidence& evidence, const Store& store,
                           const SiteAttributor& attributor);

}  // namespace heapwatch
