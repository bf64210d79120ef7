#include "alerting/site_gauges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "tests/alerting/sample_findings.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

using enum VerdictKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Text(const SiteGauges& gauges) {
  return prometheus::TextSerializer().Serialize(gauges.Collect());
}

struct SiteReading {
  std::string function;
  VerdictKind kind = kStable;
  double inuse_mib = 1;
  double mib_per_hour = 0;
};

TargetVerdicts Target(const std::vector<SiteReading>& readings,
                      const std::string& instance = "a:1") {
  TargetVerdicts target = OneSite(Replica(instance), MakeVerdict(kStable));
  target.sites.clear();
  target.verdicts.clear();
  for (const SiteReading& reading : readings) {
    target.sites.push_back({.function = reading.function, .file = ""});
    Verdict v = MakeVerdict(reading.kind, reading.mib_per_hour);
    v.site = SiteId(target.sites.size() - 1);
    v.inuse_bytes = reading.inuse_mib * kMiB;
    target.verdicts.push_back(v);
  }
  return target;
}

// function -> value of the family's metrics of one state, or of all where there are no states.
std::map<std::string, double> Values(const SiteGauges& gauges, const std::string& family,
                                     const std::string& state = "") {
  std::map<std::string, double> values;
  for (const auto& f : gauges.Collect()) {
    if (f.name != family) continue;
    for (const auto& metric : f.metric) {
      Labels labels;
      for (const auto& label : metric.label) labels.emplace(label.name, label.value);
      if (Get(labels, "state") == state)
        values.emplace(Get(labels, "function"), metric.gauge.value);
    }
  }
  return values;
}

std::vector<std::string> Shown(const SiteGauges& gauges) {
  std::vector<std::string> functions;
  for (const auto& [function, value] : Values(gauges, "heapwatch_site_inuse_bytes"))
    functions.push_back(function);
  return functions;
}

TEST(SiteGauges, TellEachSiteWithItsTargetsLabels) {
  SiteGauges gauges;
  TargetVerdicts target = Target({{"main.f", kLeak, 8, 3.6}});
  target.verdicts[0].alloc_bytes_per_second = 100;
  target.verdicts[0].seconds_to_limit = Interval{60, std::numeric_limits<double>::infinity()};
  gauges.Update({target});
  const std::string labels =
      R"({function="main.f",instance="a:1",job="shop",region="eu-west",service="checkout",site=")" +
      target.sites[0].id_text() + R"(",version="v2.4")";
  const std::string text = Text(gauges);
  EXPECT_THAT(text, HasSubstr("heapwatch_site_inuse_bytes" + labels + "} 8388608\n"));
  EXPECT_THAT(text, HasSubstr("heapwatch_site_alloc_bytes_per_second" + labels + "} 100\n"));
  EXPECT_THAT(text,
              HasSubstr("heapwatch_site_time_to_limit_lower_bound_seconds" + labels + "} 60\n"));
  EXPECT_THAT(text,
              HasSubstr("heapwatch_site_time_to_limit_upper_bound_seconds" + labels + "} +Inf\n"));
  EXPECT_THAT(text, HasSubstr("heapwatch_site_state" + labels +
                              R"(,state="leak"} 1)"
                              "\n"));
  EXPECT_THAT(text, HasSubstr("heapwatch_site_state" + labels +
                              R"(,state="stable"} 0)"
                              "\n"));
  EXPECT_NEAR(Values(gauges, "heapwatch_site_slope_bytes_per_second").at("main.f"),
              3.6 * kMiB / 3600, 1e-6);
  EXPECT_NEAR(Values(gauges, "heapwatch_site_slope_lower_bound_bytes_per_second").at("main.f"),
              3.1 * kMiB / 3600, 1e-6);
}

TEST(SiteGauges, LeaveOutWhatIsNotKnown) {
  SiteGauges gauges;
  gauges.Update({Target({{"main.f", kInsufficientData, 8}})});
  const std::string text = Text(gauges);
  EXPECT_THAT(text, HasSubstr("heapwatch_site_inuse_bytes"));
  EXPECT_THAT(text, Not(HasSubstr("_slope_")));
  EXPECT_THAT(text, Not(HasSubstr("_alloc_")));
  EXPECT_THAT(text, Not(HasSubstr("_limit_")));
}

TEST(SiteGauges, VanishWithTheirSiteAndTheirTarget) {
  SiteGauges gauges;
  gauges.Update({Target({{"f"}, {"g"}}), Target({{"h"}}, "b:1")});
  EXPECT_THAT(Shown(gauges), ElementsAre("f", "g", "h"));
  gauges.Update({Target({{"g"}})});
  EXPECT_THAT(Shown(gauges), ElementsAre("g"));
  gauges.Update({});
  EXPECT_EQ(Text(gauges), "");
}

TEST(SiteGauges, ShowWhatMattersMostAndSumUpTheRest) {
  SiteGauges gauges({.sites_per_target = 3, .sites = 100});
  gauges.Update({Target({{"small1"},
                         {"small2"},
                         {"big", kStable, 900},
                         {"fast", kGrowing, 2, 40},
                         {"leak", kLeak, 3, 0.5},
                         {"middle", kStable, 50, 0.25}})});
  EXPECT_EQ(
      Values(gauges, "heapwatch_site_inuse_bytes"),
      (std::map<std::string, double>{
          {"leak", 3 * kMiB}, {"big", 900 * kMiB}, {"fast", 2 * kMiB}, {"other", 52 * kMiB}}));
  EXPECT_NEAR(Values(gauges, "heapwatch_site_slope_bytes_per_second").at("other"),
              0.25 * kMiB / 3600, 1e-6);
}

TEST(SiteGauges, AreBoundedOverAllTargetsTogether) {
  SiteGauges gauges({.sites_per_target = 3, .sites = 4});
  std::vector<TargetVerdicts> targets;
  for (int i = 0; i < 2; ++i)
    targets.push_back(
        Target({{"a", kStable, 4}, {"b", kStable, 3}, {"c", kStable, 2}}, std::to_string(i)));
  gauges.Update(targets);
  const auto families = gauges.Collect();
  EXPECT_EQ(families.at(0).metric.size(), 6U);  // two and the others, of each
  for (int i = 2; i < 10; ++i)
    targets.push_back(Target({{"a", kStable, 4}, {"b"}}, std::to_string(i)));
  gauges.Update(targets);
  // Less than one for each: four with all their sites in one, and the targets beyond in one.
  const auto fewer = gauges.Collect();
  EXPECT_EQ(fewer.at(0).metric.size(), 5U);
  double sum = 0;
  for (const auto& metric : fewer.at(0).metric) sum += metric.gauge.value;
  EXPECT_EQ(sum, (2 * 9 + 8 * 5) * kMiB);
}

TEST(SiteGauges, DoNotLetSitesOfLikeSizeTakeTurns) {
  SiteGauges gauges({.sites_per_target = 2, .sites = 100});
  const auto sizes = [&](double a, double b, double c, double d, double e) {
    gauges.Update({Target({{"a", kStable, a},
                           {"b", kStable, b},
                           {"c", kStable, c},
                           {"d", kStable, d},
                           {"e", kStable, e}})});
  };
  sizes(10, 9, 8, 7, 6);
  EXPECT_THAT(Shown(gauges), ElementsAre("a", "b", "other"));
  for (int i = 0; i < 4; ++i) {
    sizes(10, 8, 9, 7, 6);
    EXPECT_THAT(Shown(gauges), ElementsAre("a", "b", "other"));
    sizes(10, 9, 8, 7, 6);
  }
  sizes(10, 5, 9, 8, 7);  // b is the last of five now: beyond twice the bound
  EXPECT_THAT(Shown(gauges), ElementsAre("a", "c", "other"));
}

TEST(SiteGauges, KeepATargetsOwnLabelUnderAnotherName) {
  SiteGauges gauges;
  TargetVerdicts target = Target({{"f"}});
  target.target["site"] = "frankfurt";
  gauges.Update({target});
  EXPECT_THAT(Text(gauges), HasSubstr(R"(exported_site="frankfurt")"));
}

TEST(SiteGauges, KeepTargetsWithLongLabelsApart) {
  SiteGauges gauges;
  const std::string common(600, 'x');
  gauges.Update({Target({{"f"}}, common + "1"), Target({{"f"}}, common + "2")});
  std::set<std::string> instances;
  for (const auto& family : gauges.Collect())
    for (const auto& metric : family.metric)
      for (const auto& label : metric.label)
        if (label.name == "instance") instances.insert(label.value);
  EXPECT_EQ(instances.size(), 2U);
}

TEST(SiteGauges, KeepTheirLabelsShortAndValid) {
  SiteGauges gauges;
  gauges.Update({Target({{std::string(5000, 'x') + "\xff"}, {"quote\"back\\slash\nline"}})});
  for (const auto& family : gauges.Collect())
    for (const auto& metric : family.metric)
      for (const auto& label : metric.label) EXPECT_LT(label.value.size(), 300U);
}

TEST(SiteGauges, PleasePromtool) {
  if (FindProgram("promtool").empty())
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  SiteGauges gauges({.sites_per_target = 3, .sites = 100});
  TargetVerdicts target =
      Target({{"quote\"back\\slash\nline\xff", kLeak, 8, 3.6}, {"b"}, {"c"}, {"d"}, {"e"}});
  target.verdicts[0].alloc_bytes_per_second = 100;
  target.verdicts[0].seconds_to_limit = Interval{60, std::numeric_limits<double>::infinity()};
  gauges.Update({target, Target({{"b", kInsufficientData}}, "b:1")});
  const auto path = std::filesystem::path(::testing::TempDir()) / "heapwatch_site_gauges.txt";
  std::ofstream(path) << Text(gauges);
  const auto result = RunProgram({"sh", "-c", "promtool check metrics < \"$0\"", path.string()});
  EXPECT_EQ(result.exit_code, 0) << result.standard_output << result.standard_error;
  EXPECT_EQ(result.standard_output + result.standard_error, "");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace heapwatch
