// The profiles the kill test's writer appends: the n-th is the same in the writer, in its
// successors and in the test.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "tests/analysis/series/sample_profiles.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {

inline const Labels kKillTarget = {{"job", "killed"}};

inline Time KillTime(std::size_t n) { return FromUnixMillis(static_cast<std::int64_t>(n) * 1000); }

inline HeapProfile KillProfile(std::size_t n) {
  std::mt19937_64 random(n);
  ProfileMaker maker(GoSampleTypes());
  for (std::size_t i = 0; i < 30; ++i) {
    // New stacks keep coming, so that the dictionary is written to all the time.
    const std::string leaf = "leaf" + std::to_string(i + 30 * (n / 7));
    const auto objects = static_cast<std::int64_t>(random() % 1000);
    maker.Sample(maker.Stack({leaf, "main.main"}), 64,
                 {objects * 2, objects * 128, objects, objects * 64});
  }
  maker.profile().time = KillTime(n);
  return maker.Make();
}

// Everything small, so that chains end, buffers are flushed and the log is turned over within a few
// hundred appends.
inline RocksStoreOptions KillOptions() {
  RocksStoreOptions options;
  options.rows_per_chain = 9;
  options.snapshots_per_block = 36;
  options.memory_limit_bytes = 1U << 20;
  return options;
}

}  // namespace heapwatch
