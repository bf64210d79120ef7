#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "tests/watcher/store/kill_profiles.h"

namespace heapwatch {
namespace {

// How many appends have been acknowledged on this output, which may end in the middle of a line.
std::size_t Acknowledged(const std::string& output) {
  const std::size_t end = output.find_last_of('\n');
  if (end == std::string::npos) return 0;
  const std::size_t begin = output.find_last_of('\n', end - 1);
  return std::stoul(output.substr(begin == std::string::npos ? 0 : begin + 1)) + 1;
}

void ExpectSnapshots(const Store& store, std::size_t from, std::size_t to) {
  for (std::size_t n = from; n < to; ++n) {
    const auto profile = store.ProfileAt(TargetId::Of(kKillTarget), KillTime(n));
    ASSERT_TRUE(profile) << n << ": " << profile.error().message;
    ASSERT_EQ(Canonical(*profile), Canonical(KillProfile(n))) << n;
  }
}

TEST(RocksStoreKilled, HasEveryAcknowledgedSnapshotWheneverItsProcessIsKilled) {
  constexpr int kRounds = 200;
  const TemporaryDirectory directory;
  std::mt19937_64 random(20261122);
  std::size_t acknowledged = 0;
  for (int round = 0; round < kRounds; ++round) {
    Subprocess writer({HEAPWATCH_KILL_WRITER, directory.path()});
    // Mostly wherever it may be, opening included; but now and then it must have got to appending.
    if (round % 4 == 0) {
      ASSERT_TRUE(writer.WaitForText("\n", std::chrono::seconds(60))) << writer.all_output();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
    writer.Kill();
    EXPECT_EQ(writer.standard_error(), "");
    const std::size_t before = acknowledged;
    acknowledged = std::max(acknowledged, Acknowledged(writer.standard_output()));

    const auto store = RocksStore::Open(directory.path(), KillOptions());
    ASSERT_TRUE(store) << store.error().message;
    const auto targets = (*store)->Targets().value();
    const std::size_t kept = targets.empty() ? 0 : targets[0].snapshots;
    ASSERT_GE(kept, acknowledged) << "round " << round;
    ExpectSnapshots(**store, std::max(before, kept < 10 ? 0 : kept - 10), kept);
  }
  const auto store = RocksStore::Open(directory.path(), KillOptions());
  ASSERT_TRUE(store) << store.error().message;
  ExpectSnapshots(**store, 0, acknowledged);
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
  std::printf("%zu snapshots over %d kills\n", acknowledged, kRounds);
}

}  // namespace
}  // namespace heapwatch
