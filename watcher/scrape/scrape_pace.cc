#include "watcher/scrape/scrape_pace.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace heapwatch {
namespace {

constexpr double kWeightOfLast = .25;  // in the mean time to serve
constexpr int kFailuresBorne = 2;
constexpr int kMostDoublings = 3;
constexpr Duration kLongestForFailing = std::chrono::minutes(10);
// A cost that is this many times the budget is a mistake of the clock, not a target.
constexpr double kMostStretch = 10'000;

constexpr int kNormalScrapes = 10;  // after which a stretch is over

double Minutes(Duration interval) { return static_cast<double>(interval.count()) / 60'000; }

std::int64_t FailingFactor(int failures_in_row, Duration configured) {
  std::int64_t factor = 1;
  for (int i = 0; i < std::min(failures_in_row - kFailuresBorne, kMostDoublings); ++i)
    if (configured * factor * 2 <= kLongestForFailing) factor *= 2;
  return factor;
}

}  // namespace

std::string_view ToString(StretchReason reason) {
  switch (reason) {
    case StretchReason::kNone:
      return "";
    case StretchReason::kServing:
      return "serving";
    case StretchReason::kBytes:
      return "bytes";
    case StretchReason::kTotalBytes:
      return "total_bytes";
    case StretchReason::kFailing:
      return "failing";
  }
  return "";
}

std::string_view Explain(StretchReason reason) {
  switch (reason) {
    case StretchReason::kNone:
      return "";
    case StretchReason::kServing:
      return "it takes longer to serve its profile than global.scrape_budget.serving_share allows";
    case StretchReason::kBytes:
      return "its profiles are larger than global.scrape_budget.target_bytes_per_minute allows";
    case StretchReason::kTotalBytes:
      return "all profiles together are more than global.scrape_budget.total_bytes_per_minute "
             "allows, and its are among the largest";
    case StretchReason::kFailing:
      return "it keeps failing";
  }
  return "";
}

void ScrapePace::Observe(const ScrapeCost& cost) {
  const auto serving_ms = static_cast<double>(cost.serving.count());
  serving_ms_ = serving_ms_ ? std::lerp(*serving_ms_, serving_ms, kWeightOfLast) : serving_ms;
  // A failure that brought nothing does not tell how large the profile is.
  const auto bytes = static_cast<double>(cost.bytes);
  if (!cost.failed || cost.bytes > 0) bytes_ = std::max(bytes, std::midpoint(bytes_, bytes));
  failures_in_row_ =
      cost.failed ? std::min(failures_in_row_ + 1, kFailuresBorne + kMostDoublings) : 0;
}

Pace ScrapePace::Next(Duration configured, const ScrapeBudgetConfig& budget,
                      double fair_bytes_per_minute) const {
  const double rate = BytesPerMinute(configured);
  struct Need {
    double factor;
    StretchReason reason;
  };
  const Need needs[] = {
      {serving_ms_.value_or(0) / (budget.serving_share * static_cast<double>(configured.count())),
       StretchReason::kServing},
      {rate / static_cast<double>(budget.target_bytes_per_minute), StretchReason::kBytes},
      {rate / fair_bytes_per_minute, StretchReason::kTotalBytes},
      {static_cast<double>(FailingFactor(failures_in_row_, configured)), StretchReason::kFailing}};
  Pace pace{configured, StretchReason::kNone};
  for (const Need& need : needs) {
    const auto factor = static_cast<std::int64_t>(std::ceil(std::min(need.factor, kMostStretch)));
    if (configured * factor > pace.interval) pace = {configured * factor, need.reason};
  }
  return pace;
}

double ScrapePace::BytesPerMinute(Duration configured) const {
  return bytes_ / Minutes(configured);
}

bool PaceNews::IsNews(StretchReason reason) {
  const bool is_stretched = reason != StretchReason::kNone;
  normal_in_row_ = is_stretched ? 0 : std::min(normal_in_row_ + 1, kNormalScrapes);
  if (is_told_ == is_stretched || (is_told_ && normal_in_row_ < kNormalScrapes)) return false;
  is_told_ = is_stretched;
  return true;
}

double FairShare(std::vector<double> rates, double total) {
  std::sort(rates.begin(), rates.end());
  double left = total;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double share = left / static_cast<double>(rates.size() - i);
    if (rates[i] > share) return share;
    left -= rates[i];
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace heapwatch
