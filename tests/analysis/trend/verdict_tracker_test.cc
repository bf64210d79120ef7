#include "analysis/trend/verdict_tracker.h"

#include <gtest/gtest.h>

#include "analysis/trend/replay.h"
#include "tests/analysis/trend/synthetic_window.h"

namespace heapwatch {
namespace {

using testing::kHour;
using testing::kMiB;
using testing::Requests;
using testing::SyntheticOptions;
using testing::SyntheticSite;
using testing::SyntheticTarget;

std::vector<VerdictChange> Changes(const SiteWindow& window, const ReplayOptions& options = {}) {
  std::vector<VerdictChange> changes;
  VerdictKind last = VerdictKind::kInsufficientData;
  Replay(window, options, [&](const VerdictChange& change) {
    // Refined slopes of a standing verdict are told as well; only changes of kind matter here.
    if (change.verdict.kind == last) return;
    last = change.verdict.kind;
    changes.push_back(change);
  });
  return changes;
}

bool EverLeaked(const std::vector<VerdictChange>& changes) {
  return std::any_of(changes.begin(), changes.end(), [](const VerdictChange& change) {
    return change.verdict.kind == VerdictKind::kLeak;
  });
}

SyntheticSite Leak(double mib_per_hour) {
  return {.function = "leak",
          .live_bytes = [=](double t) { return mib_per_hour * kMiB / kHour * t; }};
}

TEST(VerdictTracker, RaisesALeakOnceAndKeepsIt) {
  const auto changes = Changes(SyntheticTarget(1).Make({Leak(20)}, {}));
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().verdict.kind, VerdictKind::kLeak);
  int raised = 0;
  for (const auto& change : changes) raised += change.verdict.kind == VerdictKind::kLeak ? 1 : 0;
  EXPECT_EQ(raised, 1);
}

TEST(VerdictTracker, NeedsSeveralHeapStatesForAVerdict) {
  const SiteWindow window = SyntheticTarget(1).Make({Leak(20)}, {});
  const std::size_t end = window.observations.size();
  const auto leak = Analyze(window, end, {});
  ASSERT_EQ(leak[0].kind, VerdictKind::kLeak);
  VerdictTracker tracker;
  // The same observation evaluated again and again is one piece of evidence.
  for (int i = 0; i < 5; ++i) {
    const Verdict verdict = tracker.Step(window, end - 2, leak, {})[0];
    EXPECT_NE(verdict.kind, VerdictKind::kLeak);
    EXPECT_EQ(
        verdict.reason,
        "insufficient-data until 3 heap states in a row say otherwise; now: " + leak[0].reason);
  }
  EXPECT_NE(tracker.Step(window, end - 1, leak, {})[0].kind, VerdictKind::kLeak);
  EXPECT_EQ(tracker.Step(window, end, leak, {})[0].kind, VerdictKind::kLeak);
}

TEST(VerdictTracker, ClearsALeakThatGaveItsGainBack) {
  SyntheticOptions options;
  options.seconds = 14 * kHour;
  const auto changes = Changes(SyntheticTarget(1).Make(
      {{.function = "mended",
        .live_bytes = [](double t) { return t < 10 * kHour ? 20 * kMiB / kHour * t : 10 * kMiB; }}},
      options));
  EXPECT_TRUE(EverLeaked(changes));
  EXPECT_NE(changes.back().verdict.kind, VerdictKind::kLeak);
}

// What grows for ten hours passes for a leak; not for as long again once it has ended.
TEST(VerdictTracker, ClearsALeakThatCameToAStandstill) {
  SyntheticOptions options;
  options.spacing_seconds = 120;
  options.seconds = 40 * kHour;
  const SyntheticSite table = {
      .function = "table",
      .live_bytes =
          [](double t) {
            return 8 * kMiB + 6 * kMiB / kHour * std::clamp(t - 6 * kHour, 0.0, 10 * kHour);
          },
      .turnover_bytes_per_second = 6 * kMiB / kHour};
  constexpr int kTargets = 8;
  double hours = 0;
  for (std::uint64_t seed = 1; seed <= kTargets; ++seed) {
    const SiteWindow window = SyntheticTarget(seed).Make({table, Requests()}, options);
    const Time end_of_growth = window.observations[0].time + std::chrono::hours(16);
    Time leaked_until = end_of_growth;
    bool leaks = false;
    for (const VerdictChange& change : Changes(window)) {
      if (change.verdict.site.index() != 0) continue;
      if (leaks) leaked_until = std::max(leaked_until, change.time);
      leaks = change.verdict.kind == VerdictKind::kLeak;
    }
    EXPECT_FALSE(leaks);
    hours += Seconds(leaked_until - end_of_growth) / kHour;
  }
  EXPECT_LT(hours, 8 * kTargets);
}

// It leaks for four hours of each twelve: told a few times, not each time.
TEST(VerdictTracker, WaitsLongerForALeakThatWentOnAfterAStandstill) {
  SyntheticOptions options;
  options.spacing_seconds = 240;
  options.seconds = 120 * kHour;
  const SyntheticSite spells = {.function = "spells", .live_bytes = [](double t) {
                                  const double before = std::floor(t / (12 * kHour));
                                  const double now = std::min(t - before * 12 * kHour, 4 * kHour);
                                  return 20 * kMiB / kHour * (before * 4 * kHour + now);
                                }};
  int raised = 0;
  for (const auto& change : Changes(SyntheticTarget(1).Make({spells, Requests()}, options)))
    raised += change.verdict.kind == VerdictKind::kLeak ? 1 : 0;
  EXPECT_EQ(raised, 3);
}

// A cache that fills anew after each restart looks like this, too: lives of five hours, none of
// which outlasts the patience, do not add up. That it grew before is told.
TEST(VerdictTracker, DoesNotAddUpLivesThatAreTooShortToTell) {
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.restart_at = {5 * kHour, 10 * kHour};
  const SiteWindow window = SyntheticTarget(1).Make({Leak(20)}, options);
  const Time start = window.observations[0].time;
  bool leaks = false;
  Replay(window, {}, [&](const VerdictChange& change) {
    leaks = change.verdict.kind == VerdictKind::kLeak;
    EXPECT_FALSE(leaks && change.time < start + std::chrono::hours(18));
    EXPECT_TRUE(!leaks || change.verdict.carried_over_restart);
  });
  EXPECT_TRUE(leaks);
}

TEST(VerdictTracker, KeepsALeakOverARestart) {
  SyntheticOptions options;
  options.seconds = 20 * kHour;
  options.restart_at = {12 * kHour};
  const auto changes = Changes(SyntheticTarget(1).Make({Leak(20)}, options));
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().verdict.kind, VerdictKind::kLeak);
  EXPECT_LT(changes.back().time, FromUnixMillis(1'750'000'000'000) + std::chrono::hours(12));
}

TEST(VerdictTracker, LetsGoOfALeakThatTheNewProcessDoesNotShow) {
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.restart_at = {12 * kHour};
  // Mended with the restart: the second life knows nothing of the climb.
  SyntheticTarget target(1);
  SiteWindow window = target.Make({Leak(20)}, options);
  for (std::size_t i = 0; i < window.observations.size(); ++i) {
    if (window.observations[i].lifetime == 0) continue;
    for (auto& matrix : window.matrix) matrix[i] = 2'000'000;
  }
  EXPECT_NE(Changes(window).back().verdict.kind, VerdictKind::kLeak);
}

// A table that takes nine hours to fill outlasts the patience, once; after each restart it is known
// how far it fills, however long ago that was.
TEST(VerdictTracker, KnowsFromAnEarlierLifeHowFarATableFills) {
  for (const int hours : {15, 90}) {
    SyntheticOptions options;
    options.spacing_seconds = 240;
    options.seconds = (hours + 15) * kHour;
    options.restart_at = {hours * kHour};
    const SyntheticSite table = {.function = "table", .live_bytes = [](double t) {
                                   return std::min(180 * kMiB, 20 * kMiB / kHour * t);
                                 }};
    const SiteWindow window = SyntheticTarget(1).Make({table}, options);
    const Time restart = window.observations[0].time + std::chrono::hours(hours);
    bool leaked_before = false;
    Replay(window, {}, [&](const VerdictChange& change) {
      const bool leak = change.verdict.kind == VerdictKind::kLeak;
      leaked_before = leaked_before || (leak && change.time < restart);
      EXPECT_FALSE(leak && change.time > restart + std::chrono::hours(1)) << change.verdict.reason;
    });
    EXPECT_TRUE(leaked_before);
  }
}

TEST(VerdictTracker, FindsALeakOnTopOfWhatStandsFullAgain) {
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.restart_at = {12 * kHour};
  const SyntheticSite table = {.function = "table",
                               .live_bytes = [](double) { return 400 * kMiB; }};
  SiteWindow window = SyntheticTarget(1).Make({table}, options);
  const SiteWindow leak = SyntheticTarget(2).Make({Leak(5)}, options);
  for (std::size_t q = 0; q < kQuantityCount; ++q)
    for (std::size_t i = 0; i < window.observations.size(); ++i)
      if (window.observations[i].lifetime == 1) window.matrix[q][i] += leak.matrix[q][i];
  EXPECT_TRUE(EverLeaked(Changes(window)));
}

// Two leaks in one window: `old` until the deploy at 9 h, `renamed` from then on, which alone does
// not outlast the patience.
SiteWindow WindowWithARename(double object_bytes_after) {
  SyntheticOptions options;
  options.seconds = 15 * kHour;
  options.restart_at = {9 * kHour};
  SyntheticSite old = Leak(20);
  SyntheticSite renamed = Leak(20);
  renamed.function = "renamed";
  renamed.object_bytes = object_bytes_after;
  SiteWindow window = SyntheticTarget(1).Make({old, renamed}, options);
  const std::size_t count = window.observations.size();
  for (std::size_t i = 0; i < count; ++i) {
    window.observations[i].build = window.observations[i].lifetime;
    const std::size_t absent = window.observations[i].lifetime == 0 ? 1 : 0;
    for (auto& matrix : window.matrix) matrix[absent * count + i] = 0;
  }
  return window;
}

bool RenamedLeaks(const SiteWindow& window) {
  bool leaks = false;
  Replay(window, {}, [&](const VerdictChange& change) {
    if (change.verdict.site == SiteId(std::size_t{1}))
      leaks = change.verdict.kind == VerdictKind::kLeak;
  });
  return leaks;
}

TEST(VerdictTracker, KnowsALeakUnderTheNameThatADeployGaveIt) {
  EXPECT_TRUE(RenamedLeaks(WindowWithARename(1024)));
}

TEST(VerdictTracker, TakesASiteThatAllocatesOtherObjectsForAnotherSite) {
  EXPECT_FALSE(RenamedLeaks(WindowWithARename(8192)));
}

TEST(Replay, UsesOnlyWhatWasKnownByThen) {
  const SiteWindow whole = SyntheticTarget(1).Make({Leak(20)}, {});
  const auto all = Changes(whole);
  // The first half alone gives the same changes up to its end.
  SyntheticOptions half;
  half.seconds = 9 * kHour;
  const auto some = Changes(SyntheticTarget(1).Make({Leak(20)}, half));
  ASSERT_FALSE(some.empty());
  ASSERT_LE(some.size(), all.size());
  for (std::size_t i = 0; i + 1 < some.size(); ++i) {
    EXPECT_EQ(some[i].time, all[i].time);
    EXPECT_EQ(some[i].verdict.kind, all[i].verdict.kind);
  }
}

}  // namespace
}  // namespace heapwatch
