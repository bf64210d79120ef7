#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/profile_builder.h"
#include "tests/support/temporary_directory.h"
#include "tests/watcher/cli/run_command.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Labels kTarget = {{"instance", "10.0.0.1:6060"}};

class StoreCommand : public ::testing::Test {
 protected:
  StoreCommand() {
    const auto store = RocksStore::Open(data_).value();
    for (std::int64_t i = 0; i < 3; ++i) {
      ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
      builder.AddSample({{"main.f", "main.go", 7, 5}}, 16, {160 * (i + 1)});
      EXPECT_TRUE(store->Append(kTarget, FromUnixMillis(60'000 * i), std::move(builder).Build()));
    }
  }
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "store");
    CommandOutcome outcome = RunCommand(arguments);
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  std::string out_;
  std::string err_;
};

TEST_F(StoreCommand, TellsWhatIsKept) {
  EXPECT_EQ(Run({"stat", "--storage.path", data_}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("snapshots   3, from 1970-01-01T00:00:00Z to 1970-01-01T00:02:00Z"));
  EXPECT_THAT(out_, AllOf(HasSubstr(", log "), Not(HasSubstr(", log 0 B"))));
}

TEST_F(StoreCommand, ChecksAndNamesDamage) {
  EXPECT_EQ(Run({"check", "--storage.path", data_}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("1 targets, 3 snapshots, 1 stacks: sound"));
  {
    const auto db = RocksDb::Open({data_, 32U << 20}).value();
    Batch batch;
    batch.Put(db->family(Family::kRows), RowKey(TargetId::Of(kTarget), FromUnixMillis(60'000)),
              "garbage");
    ASSERT_TRUE(db->Write(batch, false));
  }
  EXPECT_EQ(Run({"check", "--storage.path", data_}), 1);
  EXPECT_THAT(out_, HasSubstr("1970-01-01T00:01:00Z"));
}

TEST_F(StoreCommand, MakesABackupThatIsAStore) {
  const std::string copy = directory_.path() + "/copy";
  EXPECT_EQ(Run({"backup", "--storage.path", data_, copy}), 0) << err_;
  EXPECT_EQ(RocksStore::Open(copy).value()->Targets()->at(0).snapshots, 3U);
  EXPECT_EQ(Run({"backup", "--storage.path", data_, copy}), 1);
  EXPECT_THAT(err_, HasSubstr(copy));
}

TEST_F(StoreCommand, CompactsAClosedStoreAndLeavesARunningOneAlone) {
  EXPECT_EQ(Run({"compact", "--storage.path", data_}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("after"));
  const auto store = RocksStore::Open(data_).value();
  EXPECT_EQ(Run({"compact", "--storage.path", data_}), 1);
  EXPECT_THAT(err_, HasSubstr("another process has it open"));
}

TEST_F(StoreCommand, MakesNoStoreWhereThereIsNone) {
  EXPECT_EQ(Run({"compact", "--storage.path", directory_.path() + "/nothing"}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no store in"));
}

TEST(ServeStorageOptions, AreCheckedOnTheCommandLine) {
  for (const char* wrong : {"4d", "4d:0s", "x:1h"}) {
    const char* argv[] = {"heapwatch", "serve", "--storage.thin-out", wrong};
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(RunCommandLine(4, argv), 2) << wrong;
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                HasSubstr("--storage.thin-out: \"" + std::string(wrong) + '"'));
  }
  const char* argv[] = {"heapwatch", "serve", "--storage.max-size", "much"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(RunCommandLine(4, argv), 2);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("--storage.max-size: \"much\""));
}

}  // namespace
}  // namespace heapwatch
