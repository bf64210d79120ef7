// Puts a finding into words for whoever is woken by it. Pure.
//
// The annotations: `summary`, the verdict in one line, short enough for every receiver (Opsgenie
// takes 130 runes); `description`, the evidence; `diff_url`, `site_url`, `ack_url`, `profile_url`,
// `svg_url`, `command` and the links of the configuration, the way on. The numbers of the summary
// are those of the worst replica, or of all together where none alone is sure; the time to the
// limit is that of the replica that reaches it first.
//
//   checkout: cache.(*Store).Set cache.go:+41 leaks 3.1 MiB/h (2.6-3.7),
//   18 of 48 replicas since v2.4, limit in 9-13 h                       (one line)
//
// "since v2.4" is said only where v2.3 is known not to have leaked there, else "of v2.4".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/alert_state.h"
#include "alerting/finding.h"
#include "alerting/message_words.h"
#include "config/alert_rules.h"

namespace heapwatch {

inline constexpr std::size_t kMaxDescriptionRunes = 12'000;

// What a process allocated per second at the two ends of a stretch: as near to its load as can be
// seen from here.
struct LoadChange {
  double before_bytes_per_second = 0;
  double after_bytes_per_second = 0;
};

struct MessageContext {
  // Under which this service is reached: "http://heapwatch.example.com:9199".
  std::string external_url;
  // What is to be pasted then has a place for them: pprof knows no other way.
  bool asks_password = false;
  Labels labels;                  // of the alert
  std::vector<LinkConfig> links;  // that every alert carries
  std::string target_id;          // of the worst replica, as the API names it
  // What changed on the worst replica between the two ends of its window, one line per site, by the
  // sample type that EvidenceOf names; may be empty.
  std::string diff_text;
  std::optional<LoadChange> load;  // of the worst replica, between the same two
  std::optional<double> gc_cpu_share =
      std::nullopt;  // of its CPU, that its collector takes, where it tells
  // Of the process that SoonestAtLimit names, where known.
  std::optional<std::int64_t> memory_limit_bytes = std::nullopt;
  double gogc = 100;
};

// `finding` must have a replica, or a target that is down.
AlertText DescribeFinding(const Finding& finding, const MessageContext& context);

// The two heaps to compare: of the worst replica, by "inuse_space", or by "alloc_space" where the
// memory is flat. `finding` must have a replica.
Evidence EvidenceOf(const Finding& finding);

}  // namespace heapwatch
