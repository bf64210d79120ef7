// The rules of the configuration, ready to be applied: which finding is worth an alert, what it is
// called, how urgent it is, whether somebody asked to be spared. Pure; one thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/finding.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "config/config.h"

namespace re2 {
class RE2;
}

namespace heapwatch {

inline constexpr std::string_view kPage = "page";
inline constexpr std::string_view kTicket = "ticket";

// Why nobody is told of an alert for now.
struct Mute {
  std::string by;  // who acknowledged it; "" where the configuration mutes it
  std::string reason;
  Time until;
  bool operator==(const Mute&) const = default;
};

// What an alert may be called: the values of its label `alertname`.
inline constexpr std::array<std::string_view, 6> kAlertNames = {
    "HeapLeak",    "HeapGrowing",    "HeapLeakServiceWide",
    "HeapGCChurn", "HeapRegression", "HeapWatchTargetDown"};

// Whether one of those is what `match` asks for; the patterns are known to be good.
bool MatchesAnAlertName(const Labels& match);

class AlertRules {
 public:
  // `config` was loaded: its patterns are known to be good.
  explicit AlertRules(const AlertingConfig& config);
  ~AlertRules();
  AlertRules(AlertRules&&) noexcept;
  AlertRules& operator=(AlertRules&&) noexcept;

  // The rule for an alert of these labels.
  const AlertRule& For(const Labels& labels) const;
  // The first mute of the configuration that is still good.
  std::optional<Mute> MuteOf(const Labels& labels, Time now) const;

 private:
  struct Matcher {
    std::string label;
    std::unique_ptr<re2::RE2> pattern;
  };
  using Matchers = std::vector<Matcher>;
  static Matchers Compile(const Labels& match);
  static bool Matches(const Matchers& matchers, const Labels& labels);

  AlertRule defaults_;
  std::vector<std::pair<Matchers, AlertRule>> rules_;
  std::vector<std::pair<Matchers, MuteConfig>> mutes_;
};

// What the alert on this finding is called and identified by, but for its severity. It holds no
// reading: two evaluations of one problem give the same labels while the verdict is the same.
Labels IdentityLabels(const Finding& finding);

// Whether the rule wants an alert on this finding at `now`. `slack` scales the thresholds: what
// fires already is asked for half of them, so that a reading that wavers about one does not flap.
bool IsWanted(const Finding& finding, const AlertRule& rule, Time now, double slack = 1);

// kPage or kTicket.
std::string_view SeverityOf(const Finding& finding, const AlertRule& rule);

}  // namespace heapwatch
