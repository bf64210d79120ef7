// Puts a finding into words for whoever is woken by it. Pure.
//
// The annotations: `summary`, the verdict in one line, short enough for every receiver (Opsgenie
// takes 130 runes); `description`, the evidence; `diff_url`, `profile_url` and `command`, the way
// to the heap itself. The numbers of the summary are those of the worst replica; the time to the
// limit is that of the replica that reaches it first.
//
//   checkout: cache.(*Store).Set cache.go:+41 leaks 3.1 MiB/h (2.6-3.7),
//   18 of 48 replicas since v2.4, limit in 9-13 h                       (one line)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "alerting/alert_state.h"
#include "alerting/finding.h"

namespace heapwatch {

inline constexpr std::size_t kMaxSummaryRunes = 130;
inline constexpr std::size_t kMaxDescriptionRunes = 12'000;

struct MessageContext {
  // Under which this service is reached: "http://heapwatch.example.com:9199".
  std::string external_url;
  std::string target_id;  // of the worst replica, as the API names it
  // What changed on the worst replica between the two ends of its window, one line per site, by the
  // sample type that DiffSampleType names; may be empty.
  std::string diff_text;
};

// `finding` must have a replica.
AlertText DescribeFinding(const Finding& finding, const MessageContext& context);

// What to compare two heaps by: "inuse_space", or "alloc_space" for a churn, whose memory is flat.
std::string_view DiffSampleType(const Finding& finding);

// The first line alone, at most kMaxSummaryRunes.
std::string Summary(const Finding& finding);

}  // namespace heapwatch
