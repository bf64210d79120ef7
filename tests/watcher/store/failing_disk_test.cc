// What becomes of the store when the disk fails at the n-th write, for every n until none fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <vector>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "tests/watcher/store/failing_files.h"
#include "watcher/store/maintenance.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Labels kTarget = {{"job", "api"}};
const TargetId kTargetId = TargetId::Of(kTarget);
constexpr int kAppends = 9;

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

// Appends, packs, joins, pins and compacts; how many appends were acknowledged, from the first on.
struct Outcome {
  std::vector<bool> acknowledged;
  bool has_pin = false;
  std::vector<Error> errors;
};

Outcome Work(const std::string& path, const std::vector<HeapProfile>& profiles, rocksdb::Env* env) {
  Outcome outcome;
  RocksStoreOptions options;
  options.rows_per_chain = 2;
  options.snapshots_per_block = 6;
  options.sync_interval = Duration(0);
  options.env = env;
  const auto note = [&](const auto& result) {
    if (!result) outcome.errors.push_back(result.error());
    return result.has_value();
  };
  const auto store = RocksStore::Open(path, options);
  if (!note(store)) return outcome;
  for (int i = 0; i < kAppends; ++i) {
    const auto n = static_cast<std::size_t>(i);
    outcome.acknowledged.push_back(note((*store)->Append(kTarget, Minute(i), profiles[n])));
    if (i == 5) {
      outcome.has_pin = note((*store)->PutPin(
          {.id = "p", .reason = "r", .spans = {{kTargetId, Minute(0), Minute(1)}}, .expires = {}}));
    }
    if (i == 6) note((*store)->Compact());
  }
  return outcome;
}

TEST(FailingDisk, LosesNothingAcknowledgedWhicheverWriteIsTheFirstToFail) {
  std::vector<HeapProfile> profiles;
  RandomHeap heap(3);
  for (int i = 0; i < kAppends; ++i) {
    profiles.push_back(heap.Next());
    profiles.back().time = Minute(i);
  }
  bool has_failed = true;
  std::uint64_t n = 0;
  for (; has_failed; ++n) {
    SCOPED_TRACE(n);
    ASSERT_LT(n, 2000U);
    const TemporaryDirectory directory;
    Outcome outcome;
    {
      const auto files = std::make_shared<FailingFiles>(n);
      const auto env = FailingFiles::EnvOver(files);
      outcome = Work(directory.path(), profiles, env.get());
      has_failed = files->has_failed();
    }
    for (const Error& error : outcome.errors) {
      EXPECT_EQ(error.code, ErrorCode::kLimit) << error.message;
      EXPECT_THAT(error.message, HasSubstr(directory.path()));
    }
    // The disk works again.
    const auto store = RocksStore::Open(directory.path());
    ASSERT_TRUE(store) << store.error().message;
    for (std::size_t i = 0; i < outcome.acknowledged.size(); ++i) {
      if (!outcome.acknowledged[i]) continue;
      const auto profile = (*store)->ProfileAt(kTargetId, Minute(static_cast<int>(i)));
      ASSERT_TRUE(profile) << i << ": " << profile.error().message;
      ASSERT_EQ(Canonical(*profile), Canonical(profiles[i])) << i;
    }
    EXPECT_GE((*store)->Pins()->size(), outcome.has_pin ? 1U : 0U);
    ASSERT_TRUE((*store)->Append(kTarget, Minute(kAppends), profiles[0]));
    const auto check = CheckStore(directory.path());
    ASSERT_TRUE(check) << check.error().message;
    EXPECT_THAT(check->damages, IsEmpty());
  }
  EXPECT_GT(n, 30U);
}

TEST(FailingDisk, IsWrittenToAgainOnceItWorks) {
  const TemporaryDirectory directory;
  const auto files = std::make_shared<FailingFiles>(UINT64_MAX);
  const auto env = FailingFiles::EnvOver(files);
  RocksStoreOptions options;
  options.env = env.get();
  const auto store = RocksStore::Open(directory.path(), options);
  ASSERT_TRUE(store) << store.error().message;
  RandomHeap heap(3);
  ASSERT_TRUE((*store)->Append(kTarget, Minute(0), heap.Next()));
  files->FailFromNowOn();
  const auto refused = (*store)->Append(kTarget, Minute(1), heap.Next());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_THAT(refused.error().message, HasSubstr("the disk is full"));
  // What was there can be read all the while.
  EXPECT_TRUE((*store)->ProfileAt(kTargetId, Minute(0)));
  files->Heal();
  HeapProfile profile = heap.Next();
  profile.time = Minute(2);
  const auto appended = (*store)->Append(kTarget, Minute(2), profile);
  ASSERT_TRUE(appended) << appended.error().message;
  EXPECT_EQ(Canonical(*(*store)->ProfileAt(kTargetId, Minute(2))), Canonical(profile));
}

// Opens a store as somebody else, and ends with what came of it.
[[noreturn]] void OpenAsNobody(const std::string& path, bool read_only) {
  constexpr uid_t kNobody = 65534;
  if (setuid(kNobody) != 0) _exit(2);
  const auto store = RocksStore::Open(path, {.read_only = read_only});
  if (store) _exit(3);
  std::fprintf(stderr, "%s", store.error().message.c_str());
  _exit(store.error().code == ErrorCode::kUnavailable ? 0 : 4);
}

// RocksDB's own log: a library with assertions ends the process where the disk has no room for it.
TEST(FullDisk, HasNoLogToHold) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(RocksStore::Open(directory.path()));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/CURRENT"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/LOG"));
}

TEST(StoreOfAnotherUser, IsToldApartFromOneThatIsOpen) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can run as another user";
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // RocksDB has threads
  const TemporaryDirectory directory;
  using std::filesystem::perms;
  const auto permit = [&](perms others) {
    std::filesystem::permissions(directory.path(), perms::owner_all | others);
  };
  const char* const told = "belongs to another user, root .*Permission denied.*sudo -u 'root'";
  permit(perms::others_read | perms::others_exec);
  EXPECT_EXIT(OpenAsNobody(directory.path(), false), ::testing::ExitedWithCode(0), told);
  ASSERT_TRUE(RocksStore::Open(directory.path()));
  EXPECT_EXIT(OpenAsNobody(directory.path(), false), ::testing::ExitedWithCode(0), told);
  permit(perms::none);
  EXPECT_EXIT(OpenAsNobody(directory.path(), false), ::testing::ExitedWithCode(0), told);
  EXPECT_EXIT(OpenAsNobody(directory.path(), true), ::testing::ExitedWithCode(0), told);
}

}  // namespace
}  // namespace heapwatch
