#include "alerting/webhook_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "alerting/service_growth.h"
#include "alerting/target_down.h"
#include "alerting/verdict_json.h"
#include "analysis/base/base64.h"
#include "analysis/profile/attribution.h"
#include "tests/alerting/sample_findings.h"
#include "tests/support/test_profile.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using enum VerdictKind;
using ::testing::HasSubstr;

Finding Leak() {
  Verdict v = MakeVerdict(kLeak);
  v.seconds_to_limit = Interval{3600, 7200};
  return GroupFindings({OneSite(Replica("a:1"), v), OneSite(Replica("b:1"), MakeVerdict(kStable))})
      .at(0);
}

Alert LeakAlert() {
  Alert alert;
  alert.labels = {{"alertname", "HeapLeak"}, {"service", "checkout"}};
  alert.annotations = {{"summary", "it leaks"}};
  alert.starts_at = kStart;
  alert.ends_at = kStart + std::chrono::minutes(4);
  alert.generator_url = "http://hw:9199/diff";
  alert.finding_json = FindingJson(Leak());
  return alert;
}

ProfileDiff SomeDiff() {
  return DiffProfiles(TestProfile(10 << 20), TestProfile(50 << 20),
                      *SiteAttributor::Create({}).value())
      .value();
}

TEST(WebhookBody, HoldsTheWholeFindingAndTheDiff) {
  const ProfileDiff diff = SomeDiff();
  const json::value body = json::parse(WebhookBody(LeakAlert(), &diff, 1U << 20));
  EXPECT_EQ(body.at("version").as_int64(), 2);
  EXPECT_EQ(body.at("status").as_string(), "firing");
  EXPECT_EQ(body.at("labels").at("alertname").as_string(), "HeapLeak");
  EXPECT_EQ(body.at("annotations").at("summary").as_string(), "it leaks");
  EXPECT_EQ(body.at("starts_at").as_string(), "2026-11-22T11:00:00Z");
  EXPECT_FALSE(body.as_object().contains("ends_at"));
  const json::value& finding = body.at("finding");
  EXPECT_EQ(finding.at("problem").as_string(), "growth");
  EXPECT_EQ(finding.at("verdict").as_string(), "leak");
  EXPECT_EQ(finding.at("site").at("id").as_string(), StoreSet().id_text());
  EXPECT_EQ(finding.at("replica_count").as_int64(), 2);
  EXPECT_EQ(finding.at("showing").as_int64(), 1);
  const json::value& replica = finding.at("replicas").at(0);
  EXPECT_EQ(replica.at("labels").at("instance").as_string(), "a:1");
  EXPECT_EQ(replica.at("to_limit_high_seconds").as_int64(), 7200);
  // As the API tells it.
  json::value verdict = ToJson(Leak().replicas.at(0).verdict);
  for (const auto& [name, value] : verdict.as_object()) EXPECT_EQ(replica.at(name), value) << name;
  EXPECT_EQ(body.at("diff").at("sites").at(0).at("change").as_int64(), 40 << 20);
  const json::array& files = body.at("attachments").as_array();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].at("name").as_string(), "diff.pb.gz");
  EXPECT_THAT(DecodeBase64(files[0].at("base64").as_string()).value(),
              ::testing::StartsWith("\x1f\x8b"));
  EXPECT_THAT(DecodeBase64(files[1].at("base64").as_string()).value(), HasSubstr("<svg"));
  EXPECT_TRUE(body.at("left_out").as_array().empty());
}

TEST(WebhookBody, LeavesOutWhatDoesNotFitAndSaysSo) {
  const ProfileDiff diff = SomeDiff();
  for (const std::size_t limit : {200'000U, 6'000U, 4'000U, 2'500U}) {
    const std::string text = WebhookBody(LeakAlert(), &diff, limit);
    EXPECT_LE(text.size(), limit);
    const json::value body = json::parse(text);
    EXPECT_EQ(body.at("finding").at("verdict").as_string(), "leak") << limit;
    const std::size_t in =
        body.at("attachments").as_array().size() + (body.at("diff").is_null() ? 0U : 1U);
    EXPECT_EQ(in + body.at("left_out").as_array().size(), 3U) << limit;
  }
  EXPECT_THAT(WebhookBody(LeakAlert(), &diff, 2'500), HasSubstr("\"diff: "));
}

TEST(WebhookBody, TellsAResolvedAlertByTheSameId) {
  Alert alert = LeakAlert();
  const json::value firing = json::parse(WebhookBody(alert, nullptr, 1U << 20));
  EXPECT_TRUE(firing.at("diff").is_null());
  alert.is_resolved = true;
  const json::value resolved = json::parse(WebhookBody(alert, nullptr, 1U << 20));
  EXPECT_EQ(resolved.at("status").as_string(), "resolved");
  EXPECT_EQ(resolved.at("ends_at").as_string(), "2026-11-22T11:04:00Z");
  EXPECT_EQ(resolved.at("id"), firing.at("id"));
  alert.starts_at += std::chrono::hours(1);
  EXPECT_NE(json::parse(WebhookBody(alert, nullptr, 1U << 20)).at("id"), firing.at("id"));
}

TEST(FindingJson, TellsSitesThatLeakTogetherAndTargetsThatAreDown) {
  const json::value joined = json::parse(FindingJson(JoinSites({Leak(), Leak()})));
  EXPECT_EQ(joined.at("problem").as_string(), "service-growth");
  EXPECT_EQ(joined.at("sites").as_array().size(), 2U);
  EXPECT_FALSE(joined.as_object().contains("site"));
  const json::value down =
      json::parse(FindingJson(GroupDownTargets({{Replica("a:1"), kStart, "refused"}}).at(0)));
  EXPECT_EQ(down.at("down").at(0).at("error").as_string(), "refused");
  EXPECT_EQ(down.at("down").at(0).at("since").as_string(), "2026-11-22T11:00:00Z");
}

TEST(FindingJson, IsValidWhateverAFunctionIsCalled) {
  Finding finding = Leak();
  finding.site.function = "f\xff\"\n";
  EXPECT_NO_THROW(json::parse(FindingJson(finding)));
}

}  // namespace
}  // namespace heapwatch
