#include "alerting/service_gauges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using ::testing::ElementsAre;
using ::testing::Pair;

// A target with one site of this size for each verdict.
TargetVerdicts Target(const std::string& instance, const std::vector<VerdictKind>& kinds,
                      double inuse_mib = 1, const std::string& service = "checkout") {
  TargetVerdicts target = OneSite(Replica(instance), MakeVerdict(kStable));
  target.target["service"] = service;
  target.sites.clear();
  target.verdicts.clear();
  for (const VerdictKind kind : kinds) {
    target.sites.push_back({.function = "f" + std::to_string(target.sites.size()), .file = ""});
    Verdict v = MakeVerdict(kind, kind == kLeak ? 3.6 : 0);
    v.site = SiteId(target.sites.size() - 1);
    v.inuse_bytes = inuse_mib * kMiB;
    target.verdicts.push_back(v);
  }
  return target;
}

// The value of a label -> the gauge's value, of one state or where there are no states.
std::map<std::string, double> Values(const std::vector<prometheus::MetricFamily>& families,
                                     const std::string& name, const std::string& label,
                                     const std::string& state = "") {
  std::map<std::string, double> values;
  for (const auto& family : families) {
    if (family.name != name) continue;
    for (const auto& metric : family.metric) {
      Labels labels;
      for (const auto& l : metric.label) labels.emplace(l.name, l.value);
      if (Get(labels, "state") == state) values.emplace(Get(labels, label), metric.gauge.value);
    }
  }
  return values;
}

TEST(ServiceGauges, KeepTargetsWithLongLabelsApart) {
  ServiceGauges gauges;
  const std::string common(600, 'x');
  const auto families =
      gauges.Update({Target(common + "1", {kStable}), Target(common + "2", {kStable})});
  EXPECT_EQ(Values(families, "heapwatch_target_inuse_bytes", "instance").size(), 2U);
}

TEST(ServiceGauges, SumUpTargetsAndServices) {
  ServiceGauges gauges;
  TargetVerdicts a = Target("a:1", {kLeak, kStable});
  a.verdicts[0].seconds_to_limit = Interval{3600, std::numeric_limits<double>::infinity()};
  a.verdicts[1].alloc_bytes_per_second = 100;
  const auto families = gauges.Update(
      {a, Target("b:1", {kStable, kGrowing}, 2), Target("c:1", {kInsufficientData}, 5, "cart")});
  EXPECT_THAT(Values(families, "heapwatch_target_inuse_bytes", "instance"),
              ElementsAre(Pair("a:1", 2 * kMiB), Pair("b:1", 4 * kMiB), Pair("c:1", 5 * kMiB)));
  EXPECT_THAT(Values(families, "heapwatch_service_inuse_bytes", "service"),
              ElementsAre(Pair("cart", 5 * kMiB), Pair("checkout", 6 * kMiB)));
  EXPECT_THAT(Values(families, "heapwatch_service_replicas", "service"),
              ElementsAre(Pair("cart", 1), Pair("checkout", 2)));
  // The same site leaks on a and is stable on b: it counts once, as what is worst.
  EXPECT_EQ(Values(families, "heapwatch_service_sites", "service", "leak").at("checkout"), 1);
  EXPECT_EQ(Values(families, "heapwatch_service_sites", "service", "stable").at("checkout"), 0);
  EXPECT_EQ(Values(families, "heapwatch_target_sites", "instance", "stable").at("b:1"), 1);
  EXPECT_NEAR(Values(families, "heapwatch_service_leak_bytes_per_second", "service").at("checkout"),
              3.6 * kMiB / 3600, 1e-6);
  // What nobody tells is absent.
  EXPECT_THAT(Values(families, "heapwatch_service_alloc_bytes_per_second", "service"),
              ElementsAre(Pair("checkout", 100)));
  EXPECT_THAT(Values(families, "heapwatch_service_slope_bytes_per_second", "service"),
              ElementsAre(Pair("checkout", ::testing::_)));
  EXPECT_THAT(Values(families, "heapwatch_service_time_to_limit_lower_bound_seconds", "service"),
              ElementsAre(Pair("checkout", 3600)));
}

TEST(ServiceGauges, AreBoundedAndTheirSumsHold) {
  ServiceGauges gauges({.targets = 3, .services = 2});
  std::vector<TargetVerdicts> targets;
  for (int i = 0; i < 10; ++i)
    targets.push_back(Target("t" + std::to_string(i), {i == 9 ? kLeak : kStable}, 10 - i,
                             "s" + std::to_string(i / 2)));
  const auto families = gauges.Update(targets);
  EXPECT_THAT(Values(families, "heapwatch_target_inuse_bytes", "instance"),
              ElementsAre(Pair("other", 35 * kMiB), Pair("t0", 10 * kMiB), Pair("t1", 9 * kMiB),
                          Pair("t9", 1 * kMiB)));
  EXPECT_THAT(Values(families, "heapwatch_service_inuse_bytes", "service"),
              ElementsAre(Pair("other", 33 * kMiB), Pair("s0", 19 * kMiB), Pair("s4", 3 * kMiB)));
}

TEST(ServiceGauges, DoNotLetServicesOfLikeSizeTakeTurns) {
  ServiceGauges gauges({.targets = 100, .services = 1});
  const auto shown = [&](double a, double b, double c) {
    std::vector<std::string> services;
    for (const auto& [service, value] :
         Values(gauges.Update({Target("a", {kStable}, a, "sa"), Target("b", {kStable}, b, "sb"),
                               Target("c", {kStable}, c, "sc")}),
                "heapwatch_service_inuse_bytes", "service"))
      services.push_back(service);
    return services;
  };
  EXPECT_THAT(shown(3, 2, 1), ElementsAre("other", "sa"));
  EXPECT_THAT(shown(2, 3, 1), ElementsAre("other", "sa"));
  EXPECT_THAT(shown(1, 2, 3), ElementsAre("other", "sc"));  // a is the third now
}

TEST(ServiceGauges, VanishWithTheirService) {
  ServiceGauges gauges;
  gauges.Update({Target("a:1", {kLeak})});
  EXPECT_TRUE(gauges.Update({}).empty());
}

}  // namespace
}  // namespace heapwatch
