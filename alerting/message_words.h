// The pieces that the messages on findings are made of. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "alerting/finding.h"
#include "analysis/base/labels.h"

namespace heapwatch {

inline constexpr std::size_t kMaxSummaryRunes = 130;

// The verdict in one line, at most kMaxSummaryRunes; see message.h.
std::string Summary(const Finding& finding);

// Whether the version before is known not to have had it.
bool IsNewInVersion(const Finding& finding);
// Of a growth, the replica that reaches its memory limit first; null where no limit is known, or it
// is more than a year away.
const ReplicaVerdict* SoonestAtLimit(const Finding& finding);

// "3.1 MiB/h (2.6-3.7)", or "312 MiB/s" where the finding is about allocation.
std::string Rate(const Finding& finding, const Verdict& verdict);
// Of the worst replica, or "512 KiB/h (410-614) each" where only all together show it. It must have
// replicas.
std::string Rate(const Finding& finding);
// "10.0.0.1:6060": the instance, else all labels.
std::string ReplicaName(const Labels& target);

}  // namespace heapwatch
