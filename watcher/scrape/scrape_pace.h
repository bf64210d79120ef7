// How often a target may be scraped: as often as configured, unless that would cost more than its
// budget, or it fails.
//
// What a scrape will cost is taken from those before. The time to serve it is their mean with the
// last one counting a quarter: it varies with the load of both ends, and one late answer says
// little. Of the bytes a larger count holds at once, a smaller one halves the distance. The
// interval is stretched to a multiple of what is configured, so that the cost fits before the next
// scrape is made. Example: 8 s to serve a profile, a share of 10 % and an interval of 1 min make 2
// min. From the third failure in a row on it is doubled each time, up to eightfold but not beyond
// ten minutes; one success ends that. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/base/time.h"
#include "config/scrape_budget.h"

namespace heapwatch {

struct ScrapeCost {
  Duration serving{};     // from asking to the last byte
  std::size_t bytes = 0;  // that came over the wire
  bool failed = false;
};

enum class StretchReason { kNone, kServing, kBytes, kTotalBytes, kFailing };
std::string_view ToString(StretchReason reason);  // "", "serving", "bytes", "total_bytes", ...
std::string_view Explain(StretchReason reason);   // for people

struct Pace {
  Duration interval{};  // at least the one configured
  StretchReason reason = StretchReason::kNone;
  bool operator==(const Pace&) const = default;
};

class ScrapePace {
 public:
  void Observe(const ScrapeCost& cost);
  // `fair_bytes_per_minute` is this target's share of what all may have (FairShare).
  Pace Next(Duration configured, const ScrapeBudgetConfig& budget,
            double fair_bytes_per_minute) const;
  // What a scrape at the configured interval would bring.
  double BytesPerMinute(Duration configured) const;

 private:
  std::optional<double> serving_ms_;
  double bytes_ = 0;
  int failures_in_row_ = 0;
};

// Whether a pace is news: a cost near its budget crosses it time and again. That a target is
// stretched is, once; that it is no longer, when it has not been for ten scrapes.
class PaceNews {
 public:
  bool IsNews(StretchReason reason);

 private:
  bool is_told_ = false;  // that it is stretched
  int normal_in_row_ = 0;
};

// The largest rate that each may have at most so that all together have no more than `total`:
// {10, 20, 90} of 80 gives 50. Infinite where all fit.
double FairShare(std::vector<double> rates, double total);

}  // namespace heapwatch
