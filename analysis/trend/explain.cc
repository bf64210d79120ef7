#include "analysis/trend/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/base/units.h"

namespace heapwatch {
namespace {

constexpr double kSecondsPerHour = 3600;

std::string SlopeText(const Verdict& verdict) {
  return SlopeText(verdict.slope_bytes_per_second, verdict.slope_interval, "95 %: ");
}

std::string NoiseText(const Verdict& verdict) {
  if (std::isinf(verdict.z)) return "with no sampling noise, as nothing is sampled";
  return FormatFixed(verdict.z, 1) + " standard errors above sampling noise" +
         (verdict.sampling_period_told ? "" : " of the usual rate, as the profile tells none");
}

std::string SwingText(const Growth& growth) {
  switch (growth.shape.swing) {
    case Swing::kNone:
      return "";
    case Swing::kWithLoad:
      return "; the load is accounted for";
    case Swing::kWithHourOfDay:
      return "; the hours of the day are accounted for";
  }
  return "";
}

// What of the evidence was there, and what was not.
std::string RetentionText(const Verdict& verdict) {
  if (!verdict.retention)
    return "; what is allocated there is not told, so neither its load nor its retention could be "
           "weighed";
  char text[64];
  std::snprintf(text, sizeof text, "; of what is allocated there %.*f %% stays",
                *verdict.retention < 0.1 ? 1 : 0, 100 * *verdict.retention);
  return text;
}

std::string Doubt(const Growth& growth) {
  if (growth.levels_off) return "it grows by less than half of what it did on average";
  if (growth.tail_of_curve) return "over a longer time it follows a curve that levels off";
  if (growth.above_give_backs_bytes < 0.5 * growth.growth_bytes) {
    return "it has been about as high before and gave the memory back";
  }
  if (growth.load_share > 0.5) {
    return "the load rose meanwhile, which may explain it";
  }
  if (!growth.in_every_third) return "it came in leaps rather than steadily";
  if (!growth.keeps_pace) return "of late it grows more slowly than before, or not at all";
  if (growth.unresolved) return "a course that levels off fits about as well as one that goes on";
  return "how fast it grows is not known well enough to tell it from a fill that has ended";
}

// Where a curve goes on, only its beginning is seen.
std::string CourseOfLeak(const Growth& growth) {
  const Course course = growth.shape.best.course;
  return course == Course::kSaturating ? "a curve that hardly bends"
                                       : std::string(ToString(course));
}

// Of objects that live for less than a second the milliseconds tell.
std::string LifetimeText(double seconds) {
  if (seconds >= 1) return SpokenDuration(seconds);
  return std::to_string(std::llround(1000 * seconds)) + " ms";
}

}  // namespace

std::string SlopeText(double bytes_per_second, Interval interval, std::string_view confidence) {
  const double per_hour = bytes_per_second * kSecondsPerHour;
  double unit = 1;
  while (std::fabs(per_hour) / unit >= 1023.95 && unit < 0x1p50) unit *= 1024;
  const auto in_unit = [&](double x) {
    const double value = x * kSecondsPerHour / unit;
    return FormatFixed(value, std::fabs(value) >= 99.95 ? 0 : 1);
  };
  // Where the slope is next to nothing, its unit is none for the interval.
  constexpr double kTooManyUnits = 10'240;
  const double widest = std::max(std::fabs(interval.low), std::fabs(interval.high));
  const std::string range = widest * kSecondsPerHour < kTooManyUnits * unit
                                ? FormatRange(in_unit(interval.low), in_unit(interval.high))
                                : FormatBytesPerHour(interval.low * kSecondsPerHour) + " to " +
                                      FormatBytesPerHour(interval.high * kSecondsPerHour);
  return FormatBytesPerHour(per_hour) + " (" + std::string(confidence) + range + ")";
}

std::string SpokenDuration(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  const long long minutes = whole / 60;
  const long long hours = minutes / 60;
  const auto text = [](long long a, const char* ua, long long b, const char* ub) {
    std::string out = std::to_string(a) + " " + ua;
    if (b > 0) out += " " + std::to_string(b) + " " + ub;
    return out;
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (minutes < 60) return text(minutes, "min", minutes < 5 ? whole % 60 : 0, "s");
  if (hours < 48) return text(hours, "h", hours < 10 ? minutes % 60 : 0, "min");
  return text(hours / 24, "d", hours % 24, "h");
}

std::string ExplainGrowth(const Verdict& verdict, const Growth& growth) {
  const std::string grew = "grew " + FormatBytes(verdict.growth_bytes) + " in " +
                           SpokenDuration(Seconds(verdict.growing_for)) + " at " +
                           SlopeText(verdict) + ", " + NoiseText(verdict);
  switch (verdict.kind) {
    case VerdictKind::kLeak:
      return grew + "; it follows " + CourseOfLeak(growth) +
             " and courses that level off fit worse" + SwingText(growth) + RetentionText(verdict);
    case VerdictKind::kGrowing:
      if (verdict.only_patience_lacks) {
        return grew + "; a cache that fills up looks the same until it has grown for " +
               SpokenDuration(Seconds(verdict.patience)) + SwingText(growth);
      }
      return grew + "; not a leak yet: " + Doubt(growth);
    case VerdictKind::kPlateau:
      return "it had grown, and its best course, " + std::string(verdict.course) +
             (verdict.slope_interval.low > 0 ? ", is levelling off: now "
                                             : ", has levelled off: now ") +
             FormatBytes(verdict.inuse_bytes) + " at " + SlopeText(verdict);
    default:
      return "no growth beyond sampling noise and load";
  }
}

std::string ExplainChurn(const ChurnRate& rate) {
  return "allocates " + FormatBytesPerSecond(rate.alloc_bytes_per_second) + " and keeps only " +
         FormatBytes(rate.inuse_bytes) + ": objects live " +
         LifetimeText(rate.inuse_bytes / rate.alloc_bytes_per_second) +
         " on average; memory stays flat, and the garbage collector has the work";
}

std::string ExplainInsufficient(Duration watched, std::size_t cycles, const TrendOptions& options) {
  return "watched for " + SpokenDuration(Seconds(watched)) + " and " + std::to_string(cycles) +
         " distinct heap states since the process was first seen; a verdict needs " +
         SpokenDuration(Seconds(options.warm_up)) + " and " +
         std::to_string(options.warm_up_cycles);
}

}  // namespace heapwatch
