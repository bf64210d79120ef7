#include "analysis/trend/shared_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/attribution.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/trend/replay.h"
#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using testing::kHour;
using testing::kMiB;
using testing::Requests;
using testing::SyntheticOptions;
using testing::SyntheticSite;
using testing::SyntheticTarget;

constexpr std::size_t kParts = 24;

// The parts of what `parse` leaves, requests that turn over beside them and a table that stands. By
// itself a part grows by less than counts.
SiteWindow Parsing(double hours, const SyntheticSite& part) {
  std::vector<SyntheticSite> sites;
  for (std::size_t i = 0; i < kParts; ++i) {
    sites.push_back(part);
    sites.back().function = "part" + std::to_string(i);
  }
  sites.push_back(Requests());
  sites.push_back({.function = "table", .live_bytes = [](double) { return 100 * kMiB; }});
  SyntheticOptions options;
  options.seconds = hours * kHour;
  options.spacing_seconds = 900;
  return SyntheticTarget(1).Make(sites, options);
}
SyntheticSite Part(double until_hours) {
  return {.function = "part", .live_bytes = [=](double t) {
            return (1 + 0.25 * std::min(t / kHour, until_hours)) * kMiB;
          }};
}

// The profile that the window was made from.
HeapProfile ProfileAt(const SiteWindow& window, Time time) {
  std::size_t at = 0;
  while (at + 1 < window.observations.size() && window.observations[at].time < time) ++at;
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
  for (std::size_t s = 0; s < window.sites.size(); ++s) {
    const std::int64_t bytes = window.series(Quantity::kInuseSpace, s)[at];
    const Frame leaf = {window.sites[s].function, "main.go", 1};
    if (s < kParts) {
      builder.AddSample({leaf, {"parse"}, {"main"}}, 0, {bytes});
    } else {
      builder.AddSample({leaf, {"main"}}, 0, {bytes});
    }
  }
  return std::move(builder).Build();
}

struct Replayed {
  std::map<std::size_t, Verdict> last;  // of each site
  std::vector<VerdictChange> leaks;     // as told
  std::vector<Time> looked_for_a_caller;
  std::size_t leaking() const {
    return static_cast<std::size_t>(std::count_if(last.begin(), last.end(), [](const auto& site) {
      return site.second.kind == VerdictKind::kLeak;
    }));
  }
};

Replayed ReplayOf(const SiteWindow& window, bool has_profiles = true) {
  const auto attributor = SiteAttributor::Create({}).value();
  Replayed out;
  ReplayOptions options;
  options.diff_between = [&](Time from, Time to) -> Result<ProfileDiff> {
    out.looked_for_a_caller.push_back(to);
    if (!has_profiles) return Fail(ErrorCode::kNotFound, "no profile of that time");
    return DiffProfiles(ProfileAt(window, from), ProfileAt(window, to), *attributor);
  };
  Replay(window, options, [&](const VerdictChange& change) {
    out.last[change.verdict.site.index()] = change.verdict;
    if (change.verdict.kind == VerdictKind::kLeak) out.leaks.push_back(change);
  });
  return out;
}

TEST(SharedTracker, CallsALeakWhatLeaksTogetherAndNothingElse) {
  const Replayed replayed = ReplayOf(Parsing(12, Part(12)));
  EXPECT_GE(replayed.leaking(), kParts - 1);
  EXPECT_NE(replayed.last.at(kParts).kind, VerdictKind::kLeak);
  ASSERT_FALSE(replayed.leaks.empty());
  EXPECT_THAT(replayed.leaks[0].verdict.reason, HasSubstr("as one of 24 sites in or below parse"));
}

TEST(SharedTracker, IsSilentWhereNoProfilesAreKept) {
  const Replayed replayed = ReplayOf(Parsing(12, Part(12)), false);
  EXPECT_FALSE(replayed.looked_for_a_caller.empty());
  EXPECT_EQ(replayed.leaking(), 0U);
}

// While they leak nobody looks for a caller anew: they are the same ones until they are seen to
// end.
TEST(SharedTracker, KeepsToTheSameSitesUntilTheirSumIsSeenToEnd) {
  const SiteWindow window = Parsing(36, Part(14));
  const Replayed replayed = ReplayOf(window);
  ASSERT_FALSE(replayed.leaks.empty());
  const Time from = replayed.leaks[0].time;
  const Time end = window.observations[0].time + std::chrono::hours(14);
  const auto& looked = replayed.looked_for_a_caller;
  EXPECT_TRUE(std::any_of(looked.begin(), looked.end(), [&](Time t) { return t < from; }));
  EXPECT_FALSE(
      std::any_of(looked.begin(), looked.end(), [&](Time t) { return t > from && t < end; }));
  EXPECT_EQ(replayed.leaking(), 0U);
}

// A twentieth of what is allocated stays: that may be the work of many sites that is uneven.
TEST(SharedTracker, AsksThatATenthOfWhatIsAllocatedStays) {
  SyntheticSite part = Part(24);
  const auto leaking = [&](double times) {
    part.turnover_bytes_per_second = times * 0.25 * kMiB / kHour;
    return ReplayOf(Parsing(20, part)).leaking();
  };
  EXPECT_GE(leaking(4), kParts / 3);
  EXPECT_EQ(leaking(20), 0U);
}

TEST(SharedTracker, OfNothingSaysNothing) {
  std::vector<Verdict> none;
  SharedTracker().Step({}, 0, {}, {}, none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace heapwatch
