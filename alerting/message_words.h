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

// Whether it is about memory that grows, of one site or of many.
bool IsGrowth(const Finding& finding);
// Whether the version before is known not to have had it.
bool IsNewInVersion(const Finding& finding);

// "3.1 MiB/h (2.6-3.7)": the interval in the unit of the value.
std::string RateWithInterval(double bytes_per_second, Interval interval);
// The same, or "312 MiB/s" where the finding is about allocation.
std::string Rate(const Finding& finding, const Verdict& verdict);
// "10.0.0.1:6060": the instance, else all labels.
std::string ReplicaName(const Labels& target);
// "0.3" of 0.312 and one decimal.
std::string Fixed(double value, int decimals);

}  // namespace heapwatch
