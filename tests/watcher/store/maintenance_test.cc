#include "watcher/store/maintenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <thread>

#include "tests/analysis/series/sample_profiles.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

const Labels kTarget = {{"job", "api"}};
const TargetId kTargetId = TargetId::Of(kTarget);

Time Minute(int n) { return FromUnixMillis(n * 60'000LL); }

class MaintenanceTest : public ::testing::Test {
 protected:
  MaintenanceTest() {
    Open();
    for (int i = 0; i < 10; ++i) {
      profiles_.push_back(heap_.Next());
      profiles_.back().time = Minute(i);
      EXPECT_TRUE(store_->Append(kTarget, Minute(i), profiles_.back()));
    }
    EXPECT_TRUE(store_->PutPin(
        {.id = "p", .reason = "r", .spans = {{kTargetId, Minute(1), Minute(2)}}, .expires = {}}));
  }
  void Open() {
    RocksStoreOptions options;
    options.rows_per_chain = 4;
    store_ = RocksStore::Open(directory_.path(), options).value();
  }
  // Writes under the store's feet; an empty value deletes.
  void Overwrite(Family family, const std::string& key, const std::string& value) {
    store_.reset();
    const auto db = RocksDb::Open({directory_.path(), 32U << 20}).value();
    Batch batch;
    if (value.empty()) {
      batch.Delete(db->family(family), key);
    } else {
      batch.Put(db->family(family), key, value);
    }
    ASSERT_TRUE(db->Write(batch, false));
  }
  std::vector<std::string> Damages() const {
    const auto check = CheckStore(directory_.path());
    EXPECT_TRUE(check) << check.error().message;
    return check ? check->damages : std::vector<std::string>();
  }

  TemporaryDirectory directory_;
  RandomHeap heap_{7};
  std::vector<HeapProfile> profiles_;
  std::unique_ptr<RocksStore> store_;
};

TEST_F(MaintenanceTest, TellsWhatIsKeptBesideARunningService) {
  const auto stat = StatStore(directory_.path());
  ASSERT_TRUE(stat) << stat.error().message;
  EXPECT_EQ(stat->targets, 1U);
  EXPECT_EQ(stat->snapshots, 10U);
  EXPECT_EQ(stat->first, Minute(0));
  EXPECT_EQ(stat->last, Minute(9));
  EXPECT_EQ(stat->pins, 1U);
  EXPECT_GT(stat->disk_bytes, 100U);
}

TEST_F(MaintenanceTest, TellsHowMuchIsStillInTheLog) {
  const auto before = StatStore(directory_.path());
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->dictionary_bytes + before->row_bytes + before->block_bytes, 0U);
  EXPECT_GT(before->log_bytes, 100U);
  EXPECT_LE(before->log_bytes, before->disk_bytes);
  ASSERT_TRUE(store_->db().Flush());
  const auto after = StatStore(directory_.path());
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_GT(after->dictionary_bytes + after->row_bytes + after->block_bytes, 100U);
  EXPECT_LT(after->log_bytes, before->log_bytes);
}

TEST_F(MaintenanceTest, FindsASoundStoreSoundBesideARunningService) {
  const auto check = CheckStore(directory_.path());
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->damages, IsEmpty());
  EXPECT_EQ(check->snapshots, 10U);
  EXPECT_GT(check->stacks, 3U);
}

TEST_F(MaintenanceTest, NamesADamagedChunk) {
  Overwrite(Family::kBlocks, BlockKey(kTargetId, Minute(0), PartOfChunk(0)), "garbage");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("1970-01-01T00:00:00Z")));
}

TEST_F(MaintenanceTest, NamesABlockWithoutItsChunks) {
  Overwrite(Family::kBlocks, BlockKey(kTargetId, Minute(0), PartOfChunk(0)), "");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("chunks are missing")));
}

TEST_F(MaintenanceTest, NamesADamagedHeader) {
  Overwrite(Family::kHeaders, RowKey(kTargetId, Minute(0)), "garbage");
  EXPECT_THAT(Damages(), ElementsAre(AllOf(HasSubstr("1970-01-01T00:00:00Z"),
                                           HasSubstr("which this version does not know"))));
}

TEST_F(MaintenanceTest, NamesABlockWithoutItsHeader) {
  Overwrite(Family::kHeaders, RowKey(kTargetId, Minute(0)), "");
  EXPECT_THAT(Damages(), ElementsAre(AllOf(HasSubstr("1970-01-01T00:00:00Z"),
                                           HasSubstr("its header is missing"))));
}

TEST_F(MaintenanceTest, NamesADamagedListOfSeries) {
  Overwrite(Family::kBlocks, BlockKey(kTargetId, Minute(0), kSeriesPart), "garbage");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("list of series makes no sense")));
}

TEST_F(MaintenanceTest, NamesABlockWithoutItsListOfSeries) {
  Overwrite(Family::kBlocks, BlockKey(kTargetId, Minute(0), kSeriesPart), "");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("list of series is missing")));
}

TEST_F(MaintenanceTest, NamesARowThatGoesOnFromNothing) {
  // Which rows are keyframes depends on the heap: the last chain's first row is one.
  const auto db = RocksDb::Open({directory_.path(), 32U << 20, true}).value();
  const std::unique_ptr<rocksdb::Iterator> rows(
      db->db().NewIterator(rocksdb::ReadOptions(), db->family(Family::kRows)));
  rows->SeekToFirst();
  ASSERT_TRUE(rows->Valid());
  Overwrite(Family::kRows, rows->key().ToString(), "\x12garbage");
  EXPECT_THAT(Damages(), Not(IsEmpty()));
}

TEST_F(MaintenanceTest, NamesAKeyframeThatIsMissingOnceHoweverManyRowsHangOnIt) {
  std::vector<testing::Matcher<std::string>> expected;
  for (const Labels& target : {Labels{{"job", "a"}}, Labels{{"job", "b"}}}) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store_->Append(target, Minute(i), profiles_[0]));
    const std::string keyframe = RowKey(TargetId::Of(target), Minute(0));
    ASSERT_EQ(KindOf(*store_->db().Get(Family::kRows, keyframe)), RowKind::kKeyframe);
    Overwrite(Family::kRows, keyframe, "");
    Open();
    expected.push_back(
        AllOf(HasSubstr(TargetId::Of(target).ToString()),
              HasSubstr("the keyframe that it goes on from, of 1970-01-01T00:00:00Z, "
                        "is missing")));
  }
  EXPECT_THAT(Damages(), UnorderedElementsAreArray(expected));
}

TEST_F(MaintenanceTest, NamesAHeaderThatStandsUnderAnotherMoment) {
  const auto header = store_->db().Get(Family::kHeaders, RowKey(kTargetId, Minute(0)));
  ASSERT_TRUE(header) << header.error().message;
  Overwrite(Family::kHeaders, RowKey(kTargetId, Minute(-20)), *header);
  EXPECT_THAT(Damages(), Not(IsEmpty()));
  Open();
  const auto profile = store_->ProfileAt(kTargetId, Minute(-10));
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(profile.error().message, HasSubstr("a block of another moment"));
}

TEST_F(MaintenanceTest, NamesAStackThatIsMissing) {
  // A stack of zeros is not kept.
  const HeapProfile& profile = profiles_[0];
  std::size_t sample = 0;
  const auto is_zero = [](std::int64_t value) { return value == 0; };
  while (std::ranges::all_of(profile.values_of(sample), is_zero)) ++sample;
  const ContentHash stack = profile.stack_hashes[profile.samples[sample].stack.index()];
  Overwrite(Family::kDictionary, HashKey(kStackKind, stack), "");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr(ToHex(HashKey(kStackKind, stack).substr(1)))));
}

TEST_F(MaintenanceTest, SumsATargetUpWhoseSummaryIsDamaged) {
  Overwrite(Family::kDefault, "summary/" + TargetPrefix(kTargetId), "\xff");
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("summary")));
  Open();
  EXPECT_EQ(store_->Targets()->at(0).first, Minute(0));
  EXPECT_EQ(store_->Targets()->at(0).last, Minute(9));
  EXPECT_EQ(store_->Targets()->at(0).snapshots, 10U);
}

TEST_F(MaintenanceTest, MakesABackupOfALiveStoreThatOpensAsAStore) {
  const TemporaryDirectory other;
  const std::string copy = other.path() + "/copy";
  const auto done = BackUpStore(directory_.path(), copy);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_TRUE(store_->Append(kTarget, Minute(10), heap_.Next()));
  const auto store = RocksStore::Open(copy);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->Targets()->at(0).snapshots, 10U);
  EXPECT_EQ((*store)->Pins()->size(), 1U);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Canonical(*(*store)->ProfileAt(kTargetId, Minute(i))),
              Canonical(profiles_[static_cast<std::size_t>(i)]));
  }
  EXPECT_THAT(CheckStore(directory_.path())->damages, IsEmpty());
}

// A flush takes what was in a log over into a file, in the midst of the reading of both.
TEST(Maintenance, MakesWholeBackupsOfAStoreThatIsFlushedAllTheTime) {
  const TemporaryDirectory directory;
  RocksStoreOptions options;
  options.memory_limit_bytes = 4U << 20;
  options.rows_per_chain = 16;
  options.snapshots_per_block = 64;
  auto store = RocksStore::Open(directory.path(), options).value();
  RandomHeap heap(1, 400);
  std::vector<HeapProfile> profiles;
  for (int i = 0; i < 64; ++i) profiles.push_back(heap.Next());
  const std::jthread writing([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      const HeapProfile& profile = profiles[static_cast<std::size_t>(i / 20 % 64)];
      ASSERT_TRUE(store->Append({{"job", std::to_string(i % 20)}}, Minute(i / 20), profile));
    }
  });
  int whole = 0;
  for (int attempt = 0; attempt < 40 && whole < 6; ++attempt) {
    const TemporaryDirectory copy;
    const auto backup = BackUpStore(directory.path(), copy.path());
    if (!backup) continue;  // it may say that it could not keep up with this
    ++whole;
    const auto check = CheckStore(copy.path());
    ASSERT_TRUE(check) << check.error().message;
    EXPECT_THAT(check->damages, IsEmpty());
  }
  EXPECT_EQ(whole, 6);
}

// A directory in which, whenever a file is opened, a log has just become another.
class RestlessFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit RestlessFiles(std::string path)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), path_(std::move(path)) {
    std::ofstream(Log()).flush();
  }
  const char* Name() const override { return "RestlessFiles"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override {
    const std::string before = Log();
    ++number_;
    std::filesystem::rename(before, Log());
    return target()->NewSequentialFile(name, options, file, context);
  }

 private:
  std::string Log() const { return path_ + "/some" + std::to_string(number_) + ".log"; }
  const std::string path_;
  int number_ = 0;
};

TEST_F(MaintenanceTest, TellsThatAServiceIsTooFastForAReader) {
  const auto env = rocksdb::NewCompositeEnv(std::make_shared<RestlessFiles>(directory_.path()));
  const auto opened = RocksStore::Open(directory_.path(), {.read_only = true, .env = env.get()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(opened.error().message, AllOf(HasSubstr("a running service"), HasSubstr("try again"),
                                            Not(HasSubstr("TryAgain"))));
}

TEST_F(MaintenanceTest, NamesAFileThatIsMissing) {
  ASSERT_TRUE(store_->db().Flush());
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    if (file.path().extension() == ".sst") std::filesystem::remove(file.path());
  }
  const auto check = CheckStore(directory_.path());
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(check.error().message, HasSubstr("No such file"));
}

TEST_F(MaintenanceTest, LetsNoBackupThatStoppedHalfWayPassForAStore) {
  ASSERT_TRUE(store_->db().Flush());
  store_.reset();
  std::filesystem::path largest;
  for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    if (file.path().extension() != ".sst") continue;
    if (largest.empty() || file.file_size() > std::filesystem::file_size(largest)) largest = file;
  }
  std::fstream(largest, std::ios::in | std::ios::out) << "garbage";
  const TemporaryDirectory copy;
  const auto backup = BackUpStore(directory_.path(), copy.path());
  ASSERT_FALSE(backup);
  EXPECT_THAT(backup.error().message, HasSubstr(largest.filename()));
  const auto store = RocksStore::Open(copy.path());
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("a backup that was not finished"), HasSubstr(copy.path())));
}

TEST_F(MaintenanceTest, MakesNoBackupOverSomethingElse) {
  const TemporaryDirectory other;
  std::ofstream(other.path() + "/mine") << "something";
  const auto done = BackUpStore(directory_.path(), other.path());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(MaintenanceTest, MakesNoBackupInTheStoreNorAroundIt) {
  const std::filesystem::path store = directory_.path();
  for (const std::filesystem::path& bad :
       {store / "sub", store / "a" / ".." / "sub" / "", store.parent_path(), store / "."}) {
    const auto done = BackUpStore(store, bad);
    ASSERT_FALSE(done) << bad;
    EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(done.error().message, HasSubstr("neither in the store")) << bad;
  }
  EXPECT_FALSE(std::filesystem::exists(store / "sub"));
  const TemporaryDirectory other;
  EXPECT_TRUE(BackUpStore(store, other.path() + "/" + store.filename().string() + "-copy"));
}

TEST(Maintenance, TellsWhereThereIsNoStore) {
  const TemporaryDirectory directory;
  const auto stat = StatStore(directory.path() + "/nothing");
  ASSERT_FALSE(stat);
  EXPECT_EQ(stat.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(stat.error().message, HasSubstr("there is no store in " + directory.path()));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/nothing"));
}

class OtherDatabase : public ::testing::Test {
 protected:
  // A RocksDB database with these column families, and a key in the first.
  void Make(const std::vector<std::string>& families, const std::string& key = "some",
            const std::string& value = "thing") {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, directory_.path(), &db).ok());
    ASSERT_TRUE(db->Put({}, key, value).ok());
    for (const std::string& family : families) {
      rocksdb::ColumnFamilyHandle* handle = nullptr;
      ASSERT_TRUE(db->CreateColumnFamily({}, family, &handle).ok());
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    }
    delete db;
  }
  Error ErrorOf(bool read_only) {
    const auto store = RocksStore::Open(directory_.path(), {.read_only = read_only});
    EXPECT_FALSE(store);
    return store ? Error{} : store.error();
  }
  std::vector<std::string> Families() const {
    std::vector<std::string> families;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, directory_.path(), &families).ok());
    return families;
  }
  TemporaryDirectory directory_;
};

TEST_F(OtherDatabase, IsNotTakenForAStore) {
  Make({});
  for (const bool read_only : {true, false}) {
    EXPECT_EQ(ErrorOf(read_only).code, ErrorCode::kWrongFormat);
    EXPECT_THAT(ErrorOf(read_only).message, HasSubstr("not a store of heapwatch"));
  }
  EXPECT_THAT(Families(), ElementsAre("default"));
}

TEST_F(OtherDatabase, OfAnOlderVersionIsRefusedAndLeftAsItIs) {
  Make({"dictionary", "rows", "blocks"}, "format", "heapwatch 4");
  for (const bool read_only : {true, false}) {
    EXPECT_EQ(ErrorOf(read_only).code, ErrorCode::kWrongFormat);
    EXPECT_THAT(ErrorOf(read_only).message, HasSubstr("\"heapwatch 4\""));
  }
  EXPECT_THAT(Families(), ElementsAre("default", "dictionary", "rows", "blocks"));
}

TEST_F(OtherDatabase, OfANewerVersionIsRefused) {
  Make({"dictionary", "rows", "blocks", "novelties"});
  for (const bool read_only : {true, false}) {
    EXPECT_EQ(ErrorOf(read_only).code, ErrorCode::kWrongFormat);
    EXPECT_THAT(ErrorOf(read_only).message, HasSubstr("\"novelties\""));
  }
}

}  // namespace
}  // namespace heapwatch
