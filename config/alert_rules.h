// What the section `alerting:` says of when an alert fires and how it looks: rules, mutes, links.
// Each field can be set in that section itself, for all, and again in a rule, for what it matches.
// Plain data; sizes in bytes, durations in milliseconds. Every field takes effect on reload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// What an alert may be about.
enum class AlertOn : std::uint8_t {
  kLeak,
  kGrowing,  // growth that may yet level off
  kChurn,
  kRegression,  // a version allocates more for the same load than the one before it
  kTargetDown,  // no heap profile can be had
};
std::string_view ToString(AlertOn on);  // "leak", ..., "target-down", as the configuration has it

struct AlertRule {
  std::string name;
  // Label name -> RE2 pattern for its whole value. The labels are those of the alert: alertname,
  // service, version, function, site, and those that all its replicas share (job, region, ...).
  // Empty matches everything.
  Labels match;

  std::vector<AlertOn> alert_on = {AlertOn::kLeak, AlertOn::kChurn, AlertOn::kRegression,
                                   AlertOn::kTargetDown};
  // Growth, of the worst replica: all of them must be exceeded.
  double min_slope_bytes_per_hour = 0;
  double min_size_bytes = 0;     // what the site holds
  double min_share_of_heap = 0;  // of the live heap of its process, 0 to 1
  // Only where the limit may be reached within this time; without a limit known it never is.
  std::optional<Duration> limit_within;
  // Churn, of the worst replica. What is collected costs about a CPU second for each GiB: 50 MiB/s
  // is a twentieth of a core.
  double min_churn_bytes_per_second = 50.0 * 1024 * 1024;
  double min_churn_share = 0.2;  // of all that its process allocates, 0 to 1
  // A regression, of the worst replica: what the site allocates now.
  double min_regression_bytes_per_second = 1024 * 1024;

  // It fires once this has held so long ...
  Duration hold_for{0};
  // ... and the version has been watched so long: caches fill after a deploy.
  Duration warm_up_after_deploy{0};
  // It stays this long after it is gone.
  Duration keep_firing_for = std::chrono::minutes(15);
  // Severity is "page" where the process reaches its limit within this time even at the slow end of
  // the slope's interval, else "ticket".
  Duration page_within = std::chrono::hours(24);
  // A target is down once it has failed so long.
  Duration target_down_for = std::chrono::minutes(15);

  bool operator==(const AlertRule&) const = default;
};

// Alerts that nobody is to be told of for now.
struct MuteConfig {
  Labels match;  // as in AlertRule; never empty
  Time until;
  std::string reason;
  bool operator==(const MuteConfig&) const = default;
};

// A link that every alert carries, as the annotation `<name>_url`. In the address {{label}} stands
// for a label of the alert or of its worst replica, {{from}}, {{to}} (RFC 3339), {{from_ms}} and
// {{to_ms}} (Unix milliseconds) for the stretch its evidence covers, or for the hour before the
// first of the targets went down.
struct LinkConfig {
  std::string name;
  std::string url;
  bool operator==(const LinkConfig&) const = default;
};

}  // namespace heapwatch
