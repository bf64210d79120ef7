#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "analysis/base/time.h"
#include "analysis/profile/encode.h"
#include "tests/support/test_profile.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReplayCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ + "/orders");
    std::ofstream(config_) << "detection: {warm_up: 5m, warm_up_cycles: 5, patience: 30m}\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // An hour of profiles, one a minute; 100 KiB more at each of ten sites.
  std::string Replay(bool are_parsed) {
    for (std::int64_t m = 0; m < 60; ++m) {
      HeapProfile profile =
          OrdersProfile((10 + m) * (100LL << 10), (20 + 2 * m) * (100LL << 10), are_parsed);
      profile.time = FromUnixMillis(1'795'348'800'000 + 60'000 * m);
      std::ofstream(folder_ + "/orders/" + std::to_string(m) + ".pb", std::ios::binary)
          << EncodePprof(profile);
    }
    const auto replay = RunCommand({"replay", "--config.file", config_, folder_ + "/orders"});
    EXPECT_EQ(replay.exit_code, 0) << replay.err;
    return replay.out;
  }

  const std::string folder_ = ::testing::TempDir() + "/replay_command_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string config_ = folder_ + "/heapwatch.yml";
};

TEST_F(ReplayCommand, JudgesTheSitesBelowOneCallerTogetherAsTheServiceDoes) {
  const std::string out = Replay(true);
  for (int part = 0; part < 10; ++part)
    EXPECT_THAT(out, HasSubstr("  leak  main.part" + std::to_string(part) + " main.go:+2: grew"));
  EXPECT_THAT(out, HasSubstr("as one of 10 sites in or below main.parse"));
}

TEST_F(ReplayCommand, JudgesSitesWithoutACommonCallerOneByOne) {
  const std::string out = Replay(false);
  EXPECT_THAT(out, HasSubstr("  stable  main.part0"));
  EXPECT_THAT(out, Not(HasSubstr("  leak  ")));
}

}  // namespace
}  // namespace heapwatch
