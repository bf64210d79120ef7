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

std::string Site(const std::string& instance, const std::string& id, const std::string& verdict) {
  return R"({"verdict":")" + verdict + R"(","inuse_bytes":1024,"labels":{"service":"shop",)" +
         R"("instance":")" + instance + R"("},"site":{"id":")" + id + R"(","name":"main.)" + id +
         "\"}}";
}

TEST(TopCommand, ShowsASiteOfAFleetInOneRow) {
  const RawServer service(
      HttpAnswer(200, "application/json",
                 R"({"status":"success","data":{"evaluated":"then","total":4,"sites":[)" +
                     Site("a:1", "f", "leak") + "," + Site("b:1", "f", "leak") + "," +
                     Site("c:1", "f", "stable") + "," + Site("a:1", "g", "stable") + "]}}"));
  const std::string url = "http://" + service.address();
  const CommandOutcome outcome = RunCommand({"top", "--url", url, "--limit", "2"});
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(ContainsRegex("leak .* shop +a:1 \\+1 +main.f\n"),
                    ContainsRegex("stable .* shop +c:1 +main.f\n"), Not(HasSubstr("main.g")),
                    HasSubstr("2 rows, of 4 sites on all targets")));
  EXPECT_THAT(service.requests()[0], HasSubstr("limit=100"));
  RunCommand({"top", "--url", url, "--limit", "2", "--json"});
  EXPECT_THAT(service.requests()[1], HasSubstr("limit=2"));
}

}  // namespace
}  // namespace heapwatch
