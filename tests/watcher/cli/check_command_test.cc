// `heapwatch check`: a configuration with the files that it names, and its alert rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temporary_directory.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckCommandTest : public ::testing::Test {
 protected:
  CommandOutcome Check() {
    return RunCommand({"check", "config",
                       directory_.Write("heapwatch.yml",
                                        "scrape_configs:\n"
                                        "  - job_name: shop\n"
                                        "    static_configs: [{targets: [a]}]\n"
                                        "    file_sd_configs: [{files: ['t/*.yml', more.json]}]\n"
                                        "    relabel_configs:\n"
                                        "      - {action: drop, source_labels: [__meta_filepath], "
                                        "regex: '.*/dropped.yml'}\n")});
  }
  void WriteTargets(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(directory_.Path("t"));
    directory_.Write("t/" + name, text);
  }
  TemporaryDirectory directory_;
};

TEST_F(CheckCommandTest, CountsTheTargetsInFilesAndWarnsOfThoseThatAreNotThere) {
  WriteTargets("a.yml", "- targets: [b, c]\n");
  WriteTargets("dropped.yml", "- targets: [d]\n");
  const CommandOutcome outcome = Check();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1 jobs, 3 targets"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning: job \"shop\""), HasSubstr("more.json")));
}

TEST_F(CheckCommandTest, RefusesBrokenFilesAndTargetsThatCannotBe) {
  WriteTargets("a.yml", "- targets: [b]\n  lables: {}\n");
  WriteTargets("b.yml", "- targets: ['b/c']\n");
  const CommandOutcome outcome = Check();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("a.yml:2:3: unknown field"), HasSubstr("b.yml: target \"b/c\"")));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(CheckCommandTest, WarnsOfSecretsAndCertificatesThatCannotBeRead) {
  directory_.Write("there", "hush");
  const CommandOutcome outcome =
      RunCommand({"check", "config",
                  directory_.Write("heapwatch.yml",
                                   "scrape_configs:\n"
                                   "  - job_name: shop\n"
                                   "    basic_auth: {username: a, password_file: gone}\n"
                                   "    http_sd_configs:\n"
                                   "      - {url: 'http://a/', tls_config: {ca_file: no.pem}}\n"
                                   "alerting:\n"
                                   "  webhooks:\n"
                                   "    - {url: 'http://b/', authorization: {credentials_file: "
                                   "there}}\n")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning: job \"shop\": basic_auth.password_file: "),
                                 HasSubstr("warning: discovery of job \"shop\": "),
                                 HasSubstr("no.pem"), Not(HasSubstr("webhooks"))));
}

TEST_F(CheckCommandTest, WarnsOfJobsThatWatchNothing) {
  WriteTargets("a.yml", "- targets: [b]\n");
  const std::string drop_all =
      "    relabel_configs: [{action: keep, source_labels: [zone], regex: eu}]\n";
  const std::string head =
      "scrape_configs:\n"
      "  - job_name: empty\n"
      "  - job_name: dropped\n"
      "    static_configs: [{targets: [a, b]}]\n"
      "    file_sd_configs: [{files: ['t/*.yml']}]\n" +
      drop_all;
  const CommandOutcome outcome = RunCommand(
      {"check", "config",
       directory_.Write("heapwatch.yml",
                        head +
                            "  - job_name: some\n"
                            "    static_configs: [{targets: [a]}, {targets: [b], labels: {zone: "
                            "eu}}]\n" +
                            drop_all +
                            "  - job_name: found\n"
                            "    static_configs: [{targets: [a]}]\n"
                            "    dns_sd_configs: [{names: [heap.example]}]\n" +
                            drop_all)});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err,
            "warning: job \"empty\" has no target: name some in static_configs, or a place to find "
            "them\n"
            "warning: job \"dropped\" watches nothing: its relabel_configs drop all there is (3 "
            "found)\n");
}

// --- rules

class CheckRulesTest : public ::testing::Test {
 protected:
  CommandOutcome Check(const std::vector<std::string>& labels, const std::string& kind = "rules") {
    std::vector<std::string> arguments = {
        "check", kind,
        directory_.Write(
            "heapwatch.yml",
            "alerting:\n"
            "  for: 5m\n"
            "  rules:\n"
            "    - {name: batch, match: {job: 'nightly-.*'}, min_slope: 10MB}\n"
            "    - {name: eu, match: {region: 'eu-.*', job: 'nightly-.*'}}\n"
            "    - {name: rest, alert_on: [leak]}\n"
            "    - {name: late, match: {service: checkout}}\n"
            "  mute:\n"
            "    - {match: {service: old}, until: 2020-01-01T00:00:00Z, reason: gone}\n"
            "    - {match: {service: warm}, until: 2100-01-01T00:00:00Z, reason: "
            "HEAP-42}\n")};
    arguments.insert(arguments.end(), labels.begin(), labels.end());
    return RunCommand(arguments);
  }
  TemporaryDirectory directory_;
};

TEST_F(CheckRulesTest, ListsTheRulesAndWarnsOfThoseThatNeverApplyAndOfMutesThatAreOver) {
  const CommandOutcome outcome = Check({});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("4 rules, 2 mutes"), HasSubstr("rule \"batch\" for job=~\"nightly-.*\"\n"),
            HasSubstr("rule \"rest\" for everything\n"),
            HasSubstr("without a rule:\n  alert_on: [leak, churn, "), HasSubstr("  for: 5m\n")));
  const char* warnings =
      "warning: rule \"eu\" never applies: \"batch\" before it matches all that it does\n"
      "warning: rule \"late\" never applies: \"rest\" before it matches all that it does\n"
      "warning: the mute of service=~\"old\" has been over since 2020-01-01T00:00:00Z\n";
  EXPECT_EQ(outcome.err, warnings);
  EXPECT_EQ(Check({}, "config").err, warnings);
}

TEST_F(CheckRulesTest, WarnsOfNamesThatNoAlertHas) {
  const std::string file = directory_.Write(
      "heapwatch.yml",
      "alerting:\n"
      "  rules:\n"
      "    - {name: good, match: {alertname: 'Heap.*', job: a}}\n"
      "    - {name: typo, match: {alertname: HeapLeek}}\n"
      "  mute:\n"
      "    - {match: {alertname: HeapGCChurn}, until: 2100-01-01T00:00:00Z, reason: fine}\n"
      "    - {match: {alertname: heapleak}, until: 2100-01-01T00:00:00Z, reason: typo}\n");
  const char* warnings =
      "warning: rule \"typo\" for alertname=~\"HeapLeek\" never applies: no alert has such an "
      "alertname; there is HeapLeak, HeapGrowing, HeapLeakServiceWide, HeapGCChurn, "
      "HeapRegression, HeapWatchTargetDown\n"
      "warning: the mute of alertname=~\"heapleak\" never applies: no alert has such an "
      "alertname; there is HeapLeak, HeapGrowing, HeapLeakServiceWide, HeapGCChurn, "
      "HeapRegression, HeapWatchTargetDown\n";
  for (const char* kind : {"rules", "config"}) {
    const CommandOutcome outcome = RunCommand({"check", kind, file});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, warnings);
  }
}

TEST_F(CheckRulesTest, TellsWhatAppliesToAnAlert) {
  const CommandOutcome batch = Check({"alertname=HeapLeak", "job=nightly-1", "service=warm"});
  EXPECT_EQ(batch.exit_code, 0);
  EXPECT_THAT(
      batch.out,
      AllOf(HasSubstr(
                "rule \"batch\" for {alertname=\"HeapLeak\", job=\"nightly-1\", service=\"warm\"}"),
            HasSubstr("  min_slope: 10.0 MiB\n"), HasSubstr("  for: 5m\n"),
            HasSubstr("muted until 2100-01-01T00:00:00Z: HEAP-42\n")));
  EXPECT_THAT(Check({"service=old"}).out,
              AllOf(HasSubstr("rule \"rest\""), Not(HasSubstr("muted"))));
}

TEST_F(CheckRulesTest, RefusesWhatIsNoLabel) {
  const CommandOutcome outcome = Check({"checkout"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("\"checkout\" is not a label such as service=checkout"));
}

}  // namespace
}  // namespace heapwatch
