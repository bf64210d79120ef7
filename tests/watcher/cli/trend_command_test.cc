#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/raw_server.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

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
