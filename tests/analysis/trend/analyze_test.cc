#include "analysis/trend/analyze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

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

Verdict JudgeOne(const SyntheticSite& site, const SyntheticOptions& options = {},
                 const TrendOptions& trend = {}) {
  const SiteWindow window = SyntheticTarget(7).Make({site}, options);
  return Analyze(window, window.observations.size(), trend).at(0);
}

SyntheticSite Leak(double mib_per_hour) {
  return {.function = "leak", .object_bytes = 1024, .live_bytes = [=](double t) {
            return 5 * kMiB + mib_per_hour * kMiB / kHour * t;
          }};
}

TEST(Analyze, CallsALinearClimbALeakWithItsSlope) {
  const Verdict verdict = JudgeOne(Leak(20));
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_NEAR(verdict.slope_bytes_per_second * kHour / kMiB, 20, 2);
  EXPECT_LT(verdict.slope_interval.low * kHour / kMiB, 20);
  EXPECT_GT(verdict.slope_interval.high * kHour / kMiB, 20);
  EXPECT_THAT(verdict.reason, HasSubstr("standard errors above sampling noise"));
}

// SyntheticOptions::period_bytes 1: nothing was left to chance, so there is no sampling noise.
TEST(Analyze, CallsALeakWhereEveryAllocationWasRecorded) {
  SyntheticOptions options;
  options.period_bytes = 1;
  const Verdict verdict = JudgeOne(Leak(20), options);
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_THAT(verdict.reason, HasSubstr("nothing is sampled"));
}

TEST(Analyze, JudgesByTheUsualSamplingPeriodWhereNoneIsTold) {
  SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, {});
  const Verdict told = Analyze(window, window.observations.size(), {}).at(0);
  for (Observation& observation : window.observations) observation.sampling_period_bytes = 0;
  const Verdict untold = Analyze(window, window.observations.size(), {}).at(0);
  EXPECT_EQ(untold.kind, VerdictKind::kLeak) << untold.reason;
  EXPECT_DOUBLE_EQ(untold.z, told.z);
}

TEST(Analyze, SaysGrowingUntilACacheCouldNotLookTheSameAnyMore) {
  const SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, {});
  const Verdict early = Analyze(window, 240, {}).at(0);
  EXPECT_EQ(early.kind, VerdictKind::kGrowing) << early.reason;
  EXPECT_TRUE(early.only_patience_lacks);
  EXPECT_THAT(early.reason, HasSubstr("cache"));
}

TEST(Analyze, WaitsLongerWhereTheWorkIsUneven) {
  SyntheticSite site = Leak(20);
  EXPECT_EQ(JudgeOne(site).patience, std::chrono::hours(8));
  site.live_bytes = [even = site.live_bytes](double t) {
    return even(t) + 20 * kMiB * (1 + std::sin(t / kHour) * std::sin(2.7 * t / kHour));
  };
  EXPECT_GT(JudgeOne(site).patience, std::chrono::hours(9));
}

TEST(Analyze, CallsACacheThatFilledUpAPlateau) {
  const Verdict verdict =
      JudgeOne({.function = "cache",
                .live_bytes = [](double t) { return std::min(200 * kMiB, 50 * kMiB / kHour * t); },
                .turnover_bytes_per_second = 20000});
  EXPECT_EQ(verdict.kind, VerdictKind::kPlateau) << verdict.reason;
}

TEST(Analyze, CallsASaturatingWarmUpAPlateau) {
  const Verdict verdict = JudgeOne({.function = "warm", .live_bytes = [](double t) {
                                      return 300 * kMiB * -std::expm1(-t / (2 * kHour));
                                    }});
  EXPECT_EQ(verdict.kind, VerdictKind::kPlateau) << verdict.reason;
}

// A warm-up whose time constant is six hours: nearly two of them, and nearly seven.
TEST(Analyze, CallsGrowingWhatSlowsDownAndIsNotLevelYet) {
  const SyntheticSite warm = {.function = "warm", .live_bytes = [](double t) {
                                return -400 * kMiB * std::expm1(-t / (6 * kHour));
                              }};
  const auto verdict_after = [&](double hours) {
    SyntheticOptions options;
    options.seconds = hours * kHour;
    options.period_bytes = 32 * 1024;
    const SiteWindow window = SyntheticTarget(1).Make({warm, Requests()}, options);
    return Analyze(window, window.observations.size(), {}).at(0);
  };
  const Verdict slowing = verdict_after(10);
  EXPECT_EQ(slowing.kind, VerdictKind::kGrowing);
  EXPECT_NE(slowing.reason.find("grows by less than half of what it did"), std::string::npos)
      << slowing.reason;
  const Verdict level = verdict_after(40);
  EXPECT_EQ(level.kind, VerdictKind::kPlateau);
  EXPECT_GT(level.slope_interval.low, 0);
  EXPECT_NE(level.reason.find("is levelling off"), std::string::npos) << level.reason;
}

// Most of what is allocated is given back while the level creeps up, so patience is short; half of
// the curve alone looks like a line. Not called a leak in three looks in a row, which an alert
// needs.
TEST(Analyze, DoesNotTakeTheTailOfASaturatingCurveForALeak) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    constexpr double hours = 1;
    const SiteWindow window = SyntheticTarget(seed).Make(
        {{.function = "warm",
          .live_bytes = [=](double t) { return 220 * kMiB * -std::expm1(-t / (hours * kHour)); },
          .turnover_bytes_per_second = 220 * kMiB / 600}},
        {});
    // Before two time constants it cannot be told from a line.
    const auto first = static_cast<std::size_t>(2 * 60 * hours);
    int in_a_row = 0;
    for (std::size_t end = first; end <= 2 * first; end += 2) {
      const Verdict verdict = Analyze(window, end, {}).at(0);
      in_a_row = verdict.kind == VerdictKind::kLeak ? in_a_row + 1 : 0;
      EXPECT_LT(in_a_row, 3) << hours << " h, " << end << ": " << verdict.reason;
    }
  }
}

// Which course is the true one is uncertain, too, and counts.
TEST(Analyze, GivesAnIntervalThatHoldsTheTrueSlopeAsOftenAsItSays) {
  int covered = 0;
  constexpr int kRuns = 300;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const double mib_per_hour = 4 + static_cast<double>(seed % 30);
    const Verdict verdict =
        Analyze(SyntheticTarget(seed).Make({Leak(mib_per_hour)}, {}), 600, {}).at(0);
    const double slope = mib_per_hour * kMiB / kHour;
    if (verdict.slope_interval.low <= slope && slope <= verdict.slope_interval.high) ++covered;
  }
  EXPECT_GE(covered, 0.92 * kRuns);
  EXPECT_LE(covered, 0.99 * kRuns);
}

// So little, beside the noise of sampling, that no course is sure yet to have ended. A fill is
// called a leak by mistake where noise alone seems to carry it on.
TEST(Analyze, SeesThatAFillHasLostItsPaceBeforeItsCourseIsSure) {
  int leaks = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const SiteWindow window = SyntheticTarget(seed).Make(
        {{.function = "fill",
          .live_bytes = [](double t) { return (10 + 3 * std::min(t / kHour, 7.0)) * kMiB; }}},
        {});
    for (std::size_t end = 485; end <= 600; end += 15) {
      if (Analyze(window, end, {}).at(0).kind == VerdictKind::kLeak) ++leaks;
    }
  }
  EXPECT_EQ(leaks, 0);
}

// Two samples an hour come to stay, and more than that come and go.
TEST(Analyze, AsksHowWellItKnowsThatAFillOfFewSamplesGoesOn) {
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.spacing_seconds = 300;
  // Of a hundred, looked at each half hour from two hours after the fill's end on.
  const auto called_leaks = [&](double fills_for_hours) {
    int called = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const SyntheticSite site = {
          .function = "site",
          .live_bytes = [&](double t) { return kMiB * std::min(t / kHour, fills_for_hours); },
          .turnover_bytes_per_second = 1.3 * kMiB / kHour};
      const SiteWindow window = SyntheticTarget(seed).Make({site}, options);
      for (std::size_t end = 13 * 12; end <= window.observations.size(); end += 6) {
        if (Analyze(window, end, {}).at(0).kind != VerdictKind::kLeak) continue;
        ++called;
        break;
      }
    }
    return called;
  };
  EXPECT_LE(called_leaks(11), 20);
  EXPECT_GE(called_leaks(24), 90);
}

TEST(Analyze, LeavesFlatTurnoverAlone) {
  const Verdict verdict = JudgeOne({.function = "flat",
                                    .live_bytes = [](double) { return 60 * kMiB; },
                                    .turnover_bytes_per_second = 60 * kMiB / 1200});
  EXPECT_EQ(verdict.kind, VerdictKind::kStable) << verdict.reason;
}

TEST(Analyze, CallsBriskAllocationWithFlatMemoryChurn) {
  const Verdict verdict = JudgeOne({.function = "churn",
                                    .live_bytes = [](double) { return 4 * kMiB; },
                                    .turnover_bytes_per_second = 20e6});
  EXPECT_EQ(verdict.kind, VerdictKind::kChurn) << verdict.reason;
  ASSERT_TRUE(verdict.alloc_bytes_per_second);
  EXPECT_NEAR(*verdict.alloc_bytes_per_second, 20e6, 1e6);
}

TEST(Analyze, CallsChurnWhatIsInFlightThoughItGrowsWithTheHeap) {
  const Verdict verdict = JudgeOne({.function = "churn",
                                    .object_bytes = 65536,
                                    .live_bytes = [](double t) { return (4 + t / 600) * kMiB; },
                                    .turnover_bytes_per_second = 200e6});
  EXPECT_EQ(verdict.kind, VerdictKind::kChurn) << verdict.reason;
}

TEST(Analyze, DoesNotTakeAStepForALeak) {
  for (const double at_hours : {2.0, 5.0, 8.0, 11.0}) {
    const Verdict verdict = JudgeOne({.function = "step", .live_bytes = [=](double t) {
                                        return t < at_hours * kHour ? 40 * kMiB : 120 * kMiB;
                                      }});
    EXPECT_NE(verdict.kind, VerdictKind::kLeak) << at_hours << " h: " << verdict.reason;
  }
}

TEST(Analyze, DoesNotTakeABufferThatIsFlushedForALeakAtAnyTime) {
  const SiteWindow window = SyntheticTarget(7).Make(
      {{.function = "flush",
        .live_bytes = [](double t) { return 150 * kMiB * std::fmod(t, 3 * kHour) / (3 * kHour); }}},
      {});
  for (std::size_t end = 30; end <= window.observations.size(); end += 15) {
    const Verdict verdict = Analyze(window, end, {}).at(0);
    EXPECT_NE(verdict.kind, VerdictKind::kLeak) << end << ": " << verdict.reason;
  }
}

TEST(Analyze, FindsLeaksThatBeginMidLife) {
  SyntheticOptions options;
  options.seconds = 15 * kHour;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const SiteWindow window = SyntheticTarget(seed).Make(
        {{.function = "late",
          .live_bytes =
              [](double t) {
                return 30 * kMiB + std::max(0.0, t - 7 * kHour) * 25 * kMiB / kHour;
              }}},
        options);
    std::optional<Verdict> leak;
    Replay(window, {}, [&](const VerdictChange& change) {
      if (change.verdict.kind == VerdictKind::kLeak && !leak) leak = change.verdict;
    });
    ASSERT_TRUE(leak) << "seed " << seed;
    EXPECT_GT(leak->to, window.observations.front().time + std::chrono::hours(7));
    EXPECT_LE(leak->growing_for, std::chrono::hours(8)) << "seed " << seed;
    EXPECT_EQ(leak->onset, Onset::kMidLife) << "seed " << seed;
  }
}

TEST(Analyze, FindsALeakAtASiteThatOnceFilledUp) {
  SyntheticOptions options;
  options.seconds = 16 * kHour;
  const Verdict verdict = JudgeOne({.function = "cache",
                                    .live_bytes =
                                        [](double t) {
                                          return std::min(t / kHour, 1.0) * 150 * kMiB +
                                                 std::max(0.0, t / kHour - 10) * 25 * kMiB;
                                        }},
                                   options);
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_EQ(verdict.onset, Onset::kMidLife);
}

double DailyLoad(double t) { return 1 + 0.4 * std::sin(2 * std::numbers::pi * t / (24 * kHour)); }

// The night gives back more than a day of the leak brings, and the day takes it again.
TEST(Analyze, FindsALeakUnderTheSwingOfTheDay) {
  for (const double hours : {54.0, 100.0}) {
    SyntheticOptions options;
    options.seconds = hours * kHour;
    options.spacing_seconds = 300;
    const Verdict verdict = JudgeOne(
        {.function = "sessions",
         .object_bytes = 4096,
         .live_bytes = [](double t) { return 300 * kMiB * DailyLoad(t) + 4 * kMiB * t / kHour; },
         .turnover_bytes_per_second = 300 * kMiB / 1200,
         .load = DailyLoad},
        options);
    EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << hours << " h: " << verdict.reason;
  }
}

// Objects live for an hour; the process starts in the night, and the load rises until the evening.
TEST(Analyze, DoesNotTakeAStoreThatFollowsTheLoadForALeak) {
  const auto load = [](double t) {
    return 1 - 0.6 * std::cos(2 * std::numbers::pi * t / (32 * kHour));
  };
  SyntheticOptions options;
  options.seconds = 16 * kHour;
  int leaks = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const SiteWindow window = SyntheticTarget(seed).Make(
        {{.function = "store",
          .object_bytes = 4096,
          .live_bytes = [=](double t) { return 100 * kMiB * load(t) * -std::expm1(-t / kHour); },
          .turnover_bytes_per_second = 100 * kMiB / kHour,
          .load = load}},
        options);
    bool called = false;
    Replay(window, {}, [&](const VerdictChange& change) {
      called = called || change.verdict.kind == VerdictKind::kLeak;
    });
    if (called) ++leaks;
  }
  EXPECT_LE(leaks, 2);
}

// A queue grows while five times the load comes in.
TEST(Analyze, DoesNotTakeAQueueUnderOverloadForALeak) {
  const auto load = [](double t) { return t < 10 * kHour ? 1.0 : 5.0; };
  SyntheticOptions options;
  options.seconds = 11.5 * kHour;
  const SiteWindow window = SyntheticTarget(7).Make(
      {{.function = "queue",
        .object_bytes = 4096,
        .live_bytes = [=](double t) { return (30 + std::max(0.0, t / kHour - 10) * 60) * kMiB; },
        .turnover_bytes_per_second = 30 * kMiB / 20,
        .load = load}},
      options);
  for (std::size_t end = 610; end <= window.observations.size(); end += 5) {
    const Verdict verdict = Analyze(window, end, {}).at(0);
    EXPECT_NE(verdict.kind, VerdictKind::kLeak) << end << ": " << verdict.reason;
  }
}

TEST(Analyze, LooksAtTheRunningLifeOnly) {
  SyntheticOptions options;
  options.restart_at = {6 * kHour};
  const SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, options);
  // Ten minutes after the restart nothing is known of the new process.
  const Verdict verdict = Analyze(window, 6 * 60 + 10, {}).at(0);
  EXPECT_EQ(verdict.kind, VerdictKind::kInsufficientData) << verdict.reason;
  EXPECT_GE(verdict.from, window.observations[6 * 60].time);
}

TEST(Analyze, RepeatedScrapesOfOneCycleChangeNothing) {
  SyntheticOptions once;
  once.spacing_seconds = 180;
  once.seconds = 12 * kHour;
  SyntheticOptions repeated = once;
  repeated.spacing_seconds = 60;
  repeated.scrapes_per_gc = 3;
  const Verdict a = JudgeOne(Leak(20), once);
  const Verdict b = JudgeOne(Leak(20), repeated);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_NEAR(a.slope_bytes_per_second, b.slope_bytes_per_second, 0.02 * a.slope_bytes_per_second);
}

TEST(Analyze, BearsIrregularSpacing) {
  SyntheticOptions options;
  options.jitter = 0.4;
  const Verdict verdict = JudgeOne(Leak(20), options);
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_NEAR(verdict.slope_bytes_per_second * kHour / kMiB, 20, 2);
}

TEST(Analyze, DoesWithoutAllocations) {
  SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, {});
  for (const Quantity q : {Quantity::kAllocSpace, Quantity::kAllocObjects}) {
    window.has[static_cast<std::size_t>(q)] = false;
    window.matrix[static_cast<std::size_t>(q)].clear();
  }
  const Verdict verdict = Analyze(window, window.observations.size(), {}).at(0);
  EXPECT_EQ(verdict.kind, VerdictKind::kLeak) << verdict.reason;
  EXPECT_FALSE(verdict.alloc_bytes_per_second);
}

TEST(Analyze, JudgesNothingWhereNoLiveBytesAreTold) {
  SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, {});
  const auto inuse = static_cast<std::size_t>(Quantity::kInuseSpace);
  window.has[inuse] = false;
  window.matrix[inuse].clear();
  const Verdict verdict = Analyze(window, window.observations.size(), {}).at(0);
  EXPECT_EQ(verdict.kind, VerdictKind::kInsufficientData);
  EXPECT_EQ(verdict.reason, "what is live is not told, only what was allocated");
}

TEST(Analyze, JudgesWithinMinutesWhenToldToAndScrapedOften) {
  SyntheticOptions options;
  options.seconds = 240;
  options.spacing_seconds = 2;
  ReplayOptions replay;
  replay.trend.warm_up = std::chrono::seconds(30);
  replay.trend.patience = std::chrono::minutes(2);
  const SiteWindow window = SyntheticTarget(7).Make({Leak(3600)}, options);
  std::optional<Time> told;
  Replay(window, replay, [&](const VerdictChange& change) {
    if (change.verdict.kind == VerdictKind::kLeak && !told) told = change.time;
  });
  ASSERT_TRUE(told);
  EXPECT_GE(*told - window.observations.front().time, std::chrono::minutes(2));
}

TEST(Analyze, ForecastsTheLimitAsARange) {
  SiteWindow window = SyntheticTarget(7).Make({Leak(20)}, {});
  window.limit_bytes = 1024 * 1024 * 1024;
  const Verdict verdict = Analyze(window, window.observations.size(), {}).at(0);
  ASSERT_TRUE(verdict.seconds_to_limit);
  // 245 MiB live: at 20 MiB/h half the limit is 13 h away, all of it 39 h; the slope is an
  // interval.
  EXPECT_NEAR(verdict.seconds_to_limit->low / kHour, 13, 3);
  EXPECT_GT(verdict.seconds_to_limit->high / kHour, 39);
  EXPECT_LT(verdict.seconds_to_limit->high / kHour, 55);
}

TEST(Analyze, OfNothingSaysNothing) { EXPECT_TRUE(Analyze(SiteWindow{}, 0, {}).empty()); }

// How many sites are ever called a leak, looked at again and again as the service does.
std::size_t AlertsOf(const SiteWindow& window) {
  std::set<std::size_t> sites;
  Replay(window, {}, [&](const VerdictChange& change) {
    if (change.verdict.kind == VerdictKind::kLeak) sites.insert(change.verdict.site.index());
  });
  return sites.size();
}

// Two hundred sites that turn over at all speeds, a day long.
TEST(Analyze, NeverCallsTrendFreeTurnoverALeak) {
  std::vector<SyntheticSite> sites;
  for (int i = 0; i < 200; ++i) {
    const double lifetime = 60 * std::pow(1.04, i);  // a minute to two days
    sites.push_back({.function = "site" + std::to_string(i),
                     .object_bytes = 256,
                     .live_bytes = [](double) { return 40 * kMiB; },
                     .turnover_bytes_per_second = 40 * kMiB / lifetime});
  }
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.spacing_seconds = 120;
  EXPECT_EQ(AlertsOf(SyntheticTarget(11).Make(sites, options)), 0U);
}

// Sites at which most objects die young and some live long, both of one size, so that the brisk
// births say nothing of the slow turnover of what makes the level. The two kinds are simulated as
// sites of their own and added up.
SiteWindow WindowOfMixedLives(std::uint64_t seed, std::size_t site_count) {
  std::vector<SyntheticSite> sites;
  for (std::size_t i = 0; i < 2 * site_count; ++i) {
    const bool is_short = i % 2 == 0;
    const double level = is_short ? 5 * kMiB : 40 * kMiB;
    const double lifetime = is_short ? 60 : kHour * std::exp2(static_cast<double>(i / 2 % 6) - 1);
    sites.push_back({.function = "site" + std::to_string(i),
                     .object_bytes = 256,
                     .live_bytes = [=](double) { return level; },
                     .turnover_bytes_per_second = level / lifetime});
  }
  SyntheticOptions options;
  options.seconds = 24 * kHour;
  options.spacing_seconds = 300;
  SiteWindow window = SyntheticTarget(seed).Make(sites, options);
  const std::size_t count = window.observations.size();
  for (auto& matrix : window.matrix) {
    for (std::size_t row = 0; row < site_count; ++row) {
      for (std::size_t i = 0; i < count; ++i) {
        matrix[row * count + i] = matrix[2 * row * count + i] + matrix[(2 * row + 1) * count + i];
      }
    }
    matrix.resize(site_count * count);
  }
  window.sites.resize(site_count);
  window.rows.resize(site_count);
  window.first_row.resize(site_count + 1);
  return window;
}

// The hardest that is known: the noise is up to 3.5 times what the births say (noise.h).
TEST(Analyze, HardlyEverCallsMixedLivesALeak) {
  std::size_t alerts = 0;
  for (std::uint64_t seed = 11; seed < 17; ++seed)
    alerts += AlertsOf(WindowOfMixedLives(seed, 200));
  EXPECT_LE(alerts, 4U) << "of 1,200 days of a site";
}

}  // namespace
}  // namespace heapwatch
