// Puts a verdict into one sentence for the engineer it wakes: what was seen, how sure it is, and
// why it is not the neighbouring verdict. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analysis/trend/churn.h"
#include "analysis/trend/growth.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

std::string ExplainGrowth(const Verdict& verdict, const Growth& growth);
std::string ExplainChurn(const ChurnRate& rate);
std::string ExplainInsufficient(Duration watched, std::size_t cycles, const TrendOptions& options);

// "3.1 MiB/h (2.6-3.7)": the interval in the unit of the slope, `confidence` before it.
std::string SlopeText(double bytes_per_second, Interval interval, std::string_view confidence = {});

// "3 h 20 min", "45 s": two units at most.
std::string SpokenDuration(double seconds);

}  // namespace heapwatch
