// A store on disk, and snapshots of one target minute by minute.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {

inline const Labels kTarget = {{"instance", "10.0.0.1:6060"}, {"job", "api"}, {"version", "1.2"}};
inline const TargetId kTargetId = TargetId::Of(kTarget);

inline Time Minute(std::size_t n) { return FromUnixMillis(static_cast<std::int64_t>(n) * 60'000); }

inline std::unique_ptr<RocksStore> Open(const std::string& path, RocksStoreOptions options = {}) {
  auto store = RocksStore::Open(path, options);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

// Where no store is open.
inline void Overwrite(const std::string& path, Family family, const std::string& key,
                      const std::string& value) {
  const auto db = RocksDb::Open({path, 32U << 20}).value();
  Batch batch;
  batch.Put(db->family(family), key, value);
  ASSERT_TRUE(db->Write(batch, false));
}

class RocksStoreTest : public ::testing::Test {
 protected:
  static HeapProfile Profile(std::int64_t inuse_objects) {
    ProfileMaker maker(GoSampleTypes());
    maker.Sample(maker.Stack({"main.f", "main.main"}), 64,
                 {1000, 64000, inuse_objects, inuse_objects * 64});
    return maker.Make();
  }
  void AppendMinutes(std::size_t from, std::size_t to, const Labels& target = kTarget) {
    for (std::size_t i = from; i < to; ++i) {
      ASSERT_TRUE(store_->Append(target, Minute(i), Profile(static_cast<std::int64_t>(i) + 1)));
    }
  }
  void Reopen(RocksStoreOptions options = {}) {
    store_.reset();
    store_ = Open(directory_.path(), options);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<RocksStore> store_ = Open(directory_.path());
};

}  // namespace heapwatch
