#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/raw_server.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Json(const std::string& data) {
  return HttpAnswer(200, "application/json", R"({"status":"success","data":)" + data + "}");
}

// A service with 20,000 sites, of which it tells the one that is asked for, or the first two.
class TrendCommand : public ::testing::Test {
 protected:
  static std::string AnswerTo(const std::string& request) {
    if (request.starts_with("GET /api/v1/series?"))
      return Json(R"({"values":{"inuse_space":[1,2,3]}})");
    const auto site = [](const std::string& name) {
      return R"({"verdict":"leak","reason":"it grew","inuse_bytes":1,"labels":{},"target":"t",)"
             R"("site":{"id":"1","name":")" +
             name + R"(","function":"f"}})";
    };
    if (request.find("site=") == std::string::npos)
      return Json(R"({"total":20000,"sites":[)" + site("main.load a.go:+1") + "," +
                  site("main.save b.go:+2") + "]}");
    if (request.find("site=main.fill") != std::string::npos)
      return Json(R"({"total":2,"sites":[)" + site("main.fill d.go:+4") + "," +
                  site("main.fill d.go:+8") + "]}");
    if (request.find("site=main.rare") != std::string::npos)
      return Json(R"({"total":1,"sites":[)" + site("main.rare c.go:+3") + "]}");
    return Json(R"({"total":0,"sites":[]})");
  }
  CommandOutcome Run(const std::string& site) const {
    return RunCommand({"trend", site, "--url", "http://" + service_.address()});
  }
  const RawServer service_{[](const std::string& request) {
    return RawServer::Answer{AnswerTo(request), RawServer::Then::kGoOn};
  }};
};

TEST_F(TrendCommand, FindsTheSiteByNameHoweverManyThereAre) {
  const CommandOutcome outcome = Run("main.rare");
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("main.rare c.go:+3"));
}

TEST_F(TrendCommand, TellsTheLinesOfAFunctionApart) {
  const CommandOutcome outcome = Run("main.fill");
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("main.fill\n"), HasSubstr("main.fill d.go:+4\n"),
                                 HasSubstr("main.fill d.go:+8\n")));
  EXPECT_THAT(Run("main.rare").out, Not(HasSubstr("SITE")));
}

TEST_F(TrendCommand, FindsTheOnlySiteWithThatInItsName) {
  EXPECT_THAT(Run("save").out, HasSubstr("main.save b.go:+2"));
  const CommandOutcome several = Run("main.");
  EXPECT_EQ(several.exit_code, kExitBadInput);
  EXPECT_THAT(several.err, HasSubstr("fits 2 sites, name one: main.load a.go:+1; main.save"));
}

TEST_F(TrendCommand, WantsASite) {
  const CommandOutcome outcome = Run("");
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_THAT(outcome.err, HasSubstr("heapwatch top"));
}

TEST_F(TrendCommand, SaysThatItHasNotSeenAllSites) {
  const CommandOutcome outcome = Run("unseen");
  EXPECT_EQ(outcome.exit_code, kExitBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("is not among the 2 most pressing of 20000 sites"));
}

}  // namespace
}  // namespace heapwatch
