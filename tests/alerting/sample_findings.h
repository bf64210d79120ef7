// Verdicts and targets as the tests of alerting need them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "alerting/finding.h"

namespace heapwatch {

inline constexpr double kMiB = 1024.0 * 1024.0;
inline const Time kStart = FromUnixMillis(1'795'345'200'000);  // 2026-11-22T11:00:00Z

inline Site StoreSet() {
  return {.function = "github.com/acme/shop/cache.(*Store).Set",
          .file = "/src/shop/cache/cache.go",
          .line = 41,
          .line_is_relative = true};
}

inline Labels Replica(const std::string& instance, const std::string& version = "v2.4") {
  return {{"job", "shop"},
          {"service", "checkout"},
          {"version", version},
          {"instance", instance},
          {"region", "eu-west"}};
}

// A leak of 3.1 MiB/h that took 31 hours; other kinds have the slope that goes with them.
inline Verdict MakeVerdict(VerdictKind kind, double mib_per_hour = 3.1) {
  const double scale = kMiB / 3600;
  Verdict v;
  v.site = SiteId(0U);
  v.kind = kind;
  v.reason =
      "grew 96.0 MiB in 31 h at 3.1 MiB/h (95 %: 2.6-3.7), 12.5 standard errors "
      "above "
      "sampling noise; it follows a line and courses that level off fit worse";
  v.from = kStart - std::chrono::hours(31);
  v.to = kStart;
  v.inuse_bytes = 412 * kMiB;
  v.slope_bytes_per_second = mib_per_hour * scale;
  v.slope_interval = {(mib_per_hour - 0.5) * scale, (mib_per_hour + 0.6) * scale};
  v.growth_bytes = 96 * kMiB;
  v.growth_standard_error = 7.7 * kMiB;
  v.z = 12.5;
  v.effective_n = 143;
  return v;
}

inline TargetVerdicts OneSite(Labels target, Verdict verdict) {
  return {.target = std::move(target),
          .evaluated = kStart,
          .sites = {StoreSet()},
          .verdicts = {std::move(verdict)},
          .watched_since = {}};
}

}  // namespace heapwatch
