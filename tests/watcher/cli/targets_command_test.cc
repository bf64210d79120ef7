#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/raw_server.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// What the command prints where the service answers that.
std::string TargetsOf(const std::string& active, const std::string& jobs) {
  const RawServer service(HttpAnswer(
      200, "application/json",
      R"({"status":"success","data":{"active":[)" + active + R"(],"jobs":[)" + jobs + "]}}"));
  const CommandOutcome outcome = RunCommand({"targets", "--url", "http://" + service.address()});
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  return outcome.out;
}

std::string Target(const std::string& health, const std::string& more) {
  return R"({"labels":{"service":"shop","instance":"a:1"},"interval_ms":60000,"health":")" +
         health + "\"," + more + "}";
}

TEST(TargetsCommand, TellsWhyATargetIsNotScrapedAsItShouldBe) {
  EXPECT_THAT(TargetsOf(Target("down", R"("last_error":"connection refused")"), ""),
              AllOf(ContainsRegex("LAST +SIZE  REASON\n"),
                    ContainsRegex("down +shop +a:1 +1m +connection refused\n")));
  EXPECT_THAT(
      TargetsOf(Target("up", R"("stretched":{"interval_ms":120000,"message":"it is slow"})"), ""),
      ContainsRegex("up +shop +a:1 +2m not 1m +it is slow\n"));
  EXPECT_THAT(TargetsOf(Target("stopped", R"("stopped":{"by":"ann","reason":"INC-7"})"), ""),
              HasSubstr("stopped by ann: INC-7\n"));
  EXPECT_THAT(TargetsOf(Target("lost", R"("lost":"2026-01-01T00:00:00Z","last_error":"gone")"), ""),
              HasSubstr("discovery no longer finds it; it is soon forgotten\n"));
  EXPECT_THAT(TargetsOf(Target("up", R"("metrics_error":"no /metrics")"), ""),
              HasSubstr("no /metrics\n"));
}

TEST(TargetsCommand, TellsWhatIsFoundAndNotWatched) {
  EXPECT_THAT(
      TargetsOf("", R"({"job":"fleet","dropped":{"relabelling":40,"duplicate":2}},
                       {"job":"shop","dropped":{}})"),
      AllOf(HasSubstr(
                "0 targets, 0 down\n"
                "job \"fleet\" found and does not watch 40 (relabelling), 2 (duplicate); --json"),
            Not(HasSubstr("shop"))));
}

}  // namespace
}  // namespace heapwatch
