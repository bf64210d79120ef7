#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/profile_builder.h"
#include "analysis/series/series_json.h"
#include "tests/watcher/cli/run_command.h"
#include "watcher/app/stored_limits.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ExportCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = RocksStore::Open(folder_ + "/data");
    ASSERT_TRUE(store.has_value()) << store.error().message;
    for (std::int64_t i = 0; i < 3; ++i) {
      ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
      builder.AddSample({{"main.f", "main.go", 7, 5}, {"main.g", "main.go", 9, 8}}, 16,
                        {160 * (i + 1)});
      const Labels labels = {{"instance", "10.0.0.1:6060"}, {"service", "shop"}};
      ASSERT_TRUE((*store)
                      ->Append(labels, FromUnixMillis(1'750'000'000'000 + 60'000 * i),
                               std::move(builder).Build())
                      .has_value());
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"export", "--storage.path", folder_ + "/data"});
    CommandOutcome outcome = RunCommand(arguments);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  const std::string folder_ = ::testing::TempDir() + "/export_command_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string err_;
};

TEST_F(ExportCommand, WritesWhatReplayReads) {
  const std::string file = folder_ + "/run.json";
  ASSERT_EQ(Run({"10.0.0.1:6060", "--from", "2025-06-15T15:07:00Z", "-o", file}), 0) << err_;
  std::ifstream stream(file, std::ios::binary);
  const auto read = ReadSeriesJson(std::string(std::istreambuf_iterator<char>(stream), {}));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->group, "shop");
  ASSERT_EQ(read->window.sites.size(), 1U);
  EXPECT_EQ(read->window.sites[0].ToString(), "main.f main.go:+2");
  EXPECT_EQ(read->window.matrix[0], (std::vector<std::int64_t>{320, 480}));
}

TEST_F(ExportCommand, NamesSitesByTheConfigurationAndReplayJudgesByIt) {
  const std::string file = folder_ + "/run.json";
  const std::string config = folder_ + "/heapwatch.yml";
  std::ofstream(config) << "site_rules: {skip_functions: ['main\\.f']}\n"
                           "detection: {warm_up: 1s, warm_up_cycles: 1}\n";
  ASSERT_EQ(Run({"10.0.0.1:6060", "--config.file", config, "-o", file}), 0) << err_;
  const auto replay = RunCommand({"replay", file});
  EXPECT_EQ(replay.exit_code, 0) << replay.err;
  EXPECT_EQ(replay.out, "");  // three minutes are too short for the defaults
  const auto configured = RunCommand({"replay", "--config.file", config, file});
  EXPECT_EQ(configured.exit_code, 0) << configured.err;
  EXPECT_THAT(configured.out, HasSubstr("stable  main.g main.go:+1"));
}

TEST_F(ExportCommand, TellsTheMemoryLimitThatTheServiceKnew) {
  {
    const auto store = RocksStore::Open(folder_ + "/data");
    ASSERT_TRUE(store.has_value()) << store.error().message;
    TargetStatus status;
    status.labels = {{"instance", "10.0.0.1:6060"}, {"service", "shop"}};
    status.memory_limit_bytes = 1 << 30;
    ASSERT_TRUE(KeepLimits(**store, {status}, (*store)->Targets().value()));
  }
  const std::string file = folder_ + "/run.json";
  ASSERT_EQ(Run({"10.0.0.1:6060", "-o", file}), 0) << err_;
  std::ifstream stream(file, std::ios::binary);
  const auto read = ReadSeriesJson(std::string(std::istreambuf_iterator<char>(stream), {}));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->window.limit_bytes, 1 << 30);
}

TEST_F(ExportCommand, NamesTheTargetsThereAreWhereTheWantedOneIsNot) {
  EXPECT_EQ(Run({"10.9.9.9:1"}), 1);
  EXPECT_THAT(err_, HasSubstr("10.9.9.9:1"));
  EXPECT_THAT(err_, HasSubstr("10.0.0.1:6060"));
}

TEST_F(ExportCommand, FindsTargetsAsTheServiceDoes) {
  EXPECT_EQ(Run({"service=\"shop\"", "-o", folder_ + "/run.json"}), 0) << err_;
  const Labels other = {{"instance", "10.0.0.2:6060"}, {"service", "shop"}};
  ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
  builder.AddSample({{"main.f"}}, 16, {160});
  {
    const auto store = RocksStore::Open(folder_ + "/data");
    ASSERT_TRUE(
        (*store)->Append(other, FromUnixMillis(1'750'000'000'000), std::move(builder).Build()));
  }
  EXPECT_EQ(Run({"service=\"shop\""}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("fits 2 targets"), HasSubstr(TargetId::Of(other).ToString())));
}

TEST_F(ExportCommand, SaysWhereNothingIsStoredInTheTimeAsked) {
  EXPECT_EQ(
      Run({"10.0.0.1:6060", "--from", "2030-01-01T00:00:00Z", "--to", "2030-01-02T00:00:00Z"}), 1);
  EXPECT_THAT(err_, HasSubstr("2030-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace heapwatch
