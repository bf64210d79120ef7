// What one evaluation says of an alert that is pending or fires: whether its problem is still
// there. Pure.
//
//   bad      the rule wants an alert on it; once it fires, at half of the rule's thresholds
//   unknown  every replica that could tell is warming up after a restart; AlertState takes it for
//            unknown, too, while discovery has yet to find the targets of its job
//   held     not wanted any more, but too much like what was alerted to call it off: the upper
//            bound of the terminal slope is still 25 % of the slope alerted, and less than half of
//            the gain was given back (churn: the rate is still 75 % of the one alerted; a target
//            down: one is failing still, though not for long enough); but a site that is stable or
//            has levelled off is held for six hours at most
//   clear    anything else, and a site or a version that is gone
#pragma once

#include <cstdint>

#include "alerting/finding.h"
#include "analysis/base/time.h"
#include "config/config.h"

namespace heapwatch {

enum class Sighting : std::uint8_t { kBad, kUnknown, kHeld, kClear };

// What was alerted, of the worst replica; the slope of all together where none alone shows it.
struct AlertedFigures {
  // The slope, or the allocation rate of a churn; bytes per second.
  double rate = 0;
  double inuse_before_bytes = 0;
  double inuse_peak_bytes = 0;  // since it fires
};

AlertedFigures FiguresOf(const Finding& finding);

// `finding` may be null: nothing is known of the site any more. `last_bad` is when it was bad last.
Sighting See(const Finding* finding, const AlertRule& rule, bool is_firing,
             const AlertedFigures& alerted, Time last_bad, Time now);

}  // namespace heapwatch
