#include "alerting/links.h"

#include <gtest/gtest.h>

#include "alerting/message.h"
#include "tests/alerting/sample_findings.h"

namespace heapwatch {
namespace {

Evidence Some() { return {Replica("a:1"), kStart - std::chrono::hours(1), kStart, "inuse_space"}; }

TEST(FillTemplate, PutsInLabelsAndTheStretchEncoded) {
  const Labels labels = {{"service", "check out"}, {"function", "cache.(*Store).Set"}};
  EXPECT_EQ(FillTemplate("https://g/d?s={{service}}&f={{ function }}&i={{instance}}"
                         "&from={{from_ms}}&to={{to_ms}}",
                         labels, Some()),
            "https://g/d?s=check%20out&f=cache.%28%2AStore%29.Set&i=a%3A1"
            "&from=1795341600000&to=1795345200000");
  EXPECT_EQ(FillTemplate("https://t/?start={{from}}&end={{to}}", labels, Some()),
            "https://t/?start=2026-11-22T10%3A00%3A00Z&end=2026-11-22T11%3A00%3A00Z");
}

TEST(FillTemplate, LeavesNothingWhereThereIsNoSuchLabel) {
  EXPECT_EQ(FillTemplate("https://g/{{pod}}/x", {}, Some()), "https://g//x");
  EXPECT_EQ(FillTemplate("https://g/{{pod", {}, Some()), "https://g/{{pod");
  EXPECT_EQ(FillTemplate("https://g/", {}, Some()), "https://g/");
}

TEST(LinksOf, LeadToThePagesAndFilesOfTheEvidence) {
  Finding finding = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(VerdictKind::kLeak))}).at(0);
  const AlertLinks links = LinksOf(finding, EvidenceOf(finding), "00c0ffee", "http://hw:9199");
  const std::string query =
      "/diff?target=00c0ffee&t0=2026-11-21T04:00:00Z&t1=2026-11-22T11:00:00Z"
      "&sample_type=inuse_space";
  EXPECT_EQ(links.diff_page, "http://hw:9199" + query + "&site=" + StoreSet().id_text());
  EXPECT_EQ(links.profile, "http://hw:9199/api/v1" + query + "&format=pprof");
  EXPECT_EQ(links.svg, "http://hw:9199/api/v1" + query + "&format=svg");
  EXPECT_EQ(links.site_page, "http://hw:9199/site?target=00c0ffee&site=" + StoreSet().id_text());
  finding.replica_count = 2;
  EXPECT_EQ(LinksOf(finding, EvidenceOf(finding), "00c0ffee", "http://hw:9199").site_page,
            "http://hw:9199/site?service=checkout&site=" + StoreSet().id_text());
}

TEST(AckPage, NamesTheAlertByItsServiceAndSite) {
  Finding finding = GroupFindings({OneSite(Replica("a:1"), MakeVerdict(VerdictKind::kLeak))}).at(0);
  finding.service = "check out";
  EXPECT_EQ(AckPage(finding, "http://hw:9199/heap"),
            "http://hw:9199/heap/alerts?service=check%20out&site=" + StoreSet().id_text());
}

}  // namespace
}  // namespace heapwatch
