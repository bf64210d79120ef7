#include "analysis/series/row_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "analysis/series/rebuild.h"
#include "tests/analysis/series/sample_profiles.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Time Minute(std::size_t n) { return FromUnixMillis(static_cast<std::int64_t>(n) * 60'000); }

// Keeps rows and dictionary as a store would, in maps.
class RowsAndDictionary {
 public:
  RowWriter::Row Append(Time time, const HeapProfile& profile) {
    RowWriter::Row row = writer_.Write(time, profile).value();
    std::vector<ContentHash> functions;
    for (const Function& function : profile.functions) {
      DictionaryEntry entry = EncodeFunction(function);
      functions.push_back(entry.hash);
      functions_.emplace(entry.hash, entry.bytes);
    }
    for (const StackId stack : row.new_stacks) {
      stacks_.emplace(profile.stack_hashes[stack.index()], EncodeStack(profile, stack, functions));
    }
    return row;
  }

  HeapProfile Rebuild(const RowChain& chain, Time time) {
    StackTable table;
    const Moment moment = MomentOf(chain, time);
    const auto stacks = StacksOf(moment);
    for (const ContentHash& stack : stacks) {
      const auto added = table.Add(stack, stacks_.at(stack), [&](const ContentHash& function) {
        return Result<std::string>(functions_.at(function));
      });
      EXPECT_TRUE(added);
    }
    return RebuildProfile(moment, stacks, table);
  }

  RowWriter& writer() { return writer_; }

 private:
  RowWriter writer_;
  std::map<ContentHash, std::string> functions_;
  std::map<ContentHash, std::string> stacks_;
};

TEST(RowCodec, GivesBackEveryProfileOfRandomSequences) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    RandomHeap heap(seed);
    RowsAndDictionary kept;
    RowChain chain;
    for (std::size_t i = 0; i < 60; ++i) {
      HeapProfile profile = heap.Next();
      if (i % 25 == 24) kept.writer().EndChain();
      const RowWriter::Row row = kept.Append(Minute(i), profile);
      if (row.is_keyframe) chain = RowChain();
      ASSERT_TRUE(chain.Apply(row.bytes)) << "seed " << seed << " row " << i;
      profile.time = Minute(i);
      ASSERT_EQ(Canonical(kept.Rebuild(chain, Minute(i))), Canonical(profile))
          << "seed " << seed << " row " << i;
    }
  }
}

TEST(RowCodec, GoesOnFromADecodedChainAsIfNothingHadHappened) {
  RandomHeap heap(5);
  RowWriter straight;
  RowWriter resumed;
  RowChain chain;
  for (std::size_t i = 0; i < 40; ++i) {
    const HeapProfile profile = heap.Next();
    const auto row = straight.Write(Minute(i), profile).value();
    EXPECT_EQ(resumed.Write(Minute(i), profile)->bytes, row.bytes);
    if (row.is_keyframe) chain = RowChain();
    ASSERT_TRUE(chain.Apply(row.bytes));
    const Time start = Minute(i) - ReadPreamble(row.bytes)->since_chain_start;
    resumed = RowWriter(chain, start);
  }
}

TEST(RowCodec, TellsAnUnchangedProfileInAFewBytes) {
  RandomHeap heap(1);
  const HeapProfile profile = heap.Next();
  RowWriter writer;
  ASSERT_TRUE(writer.Write(Minute(0), profile));
  EXPECT_THAT(writer.Write(Minute(1), profile)->bytes, SizeIs(::testing::Le(8U)));
}

TEST(RowCodec, TellsSampledObjectsInTwoBytesASeries) {
  ProfileMaker maker(GoSampleTypes());
  const StackId stack = maker.Stack({"main.f"});
  const auto at = [&](std::int64_t alloc, std::int64_t inuse) {
    maker.profile().samples.clear();
    maker.profile().values.clear();
    const BlockSize size = BlockSizeAt(64, 524288);
    const auto a = FromSampledCount(alloc, size);
    const auto i = FromSampledCount(inuse, size);
    maker.Sample(stack, 64, {a.objects, a.bytes, i.objects, i.bytes});
    return maker.Make();
  };
  RowWriter writer;
  ASSERT_TRUE(writer.Write(Minute(0), at(1000, 3)));
  const std::size_t still = writer.Write(Minute(1), at(1000, 3))->bytes.size();
  EXPECT_EQ(writer.Write(Minute(2), at(1030, 2))->bytes.size(), still + 3);  // which, and two steps
}

TEST(RowCodec, BeginsAChainWhereTypesOrPeriodChange) {
  ProfileMaker maker(GoSampleTypes());
  maker.Sample(maker.Stack({"main.f"}), 64, {1, 64, 1, 64});
  RowWriter writer;
  EXPECT_TRUE(writer.Write(Minute(0), maker.Make())->is_keyframe);
  EXPECT_FALSE(writer.Write(Minute(1), maker.Make())->is_keyframe);
  maker.profile().sampling_period_bytes = 1;
  EXPECT_TRUE(writer.Write(Minute(2), maker.Make())->is_keyframe);
  maker.profile().sample_types[0].unit = "things";
  EXPECT_TRUE(writer.Write(Minute(3), maker.Make())->is_keyframe);
}

TEST(RowCodec, RefusesProfilesWithoutSampleTypes) {
  RowWriter writer;
  EXPECT_EQ(writer.Write(Minute(0), HeapProfile()).error().code, ErrorCode::kInvalidArgument);
}

TEST(RowCodec, NoticesAMissingRow) {
  RandomHeap heap(3);
  RowWriter writer;
  std::vector<std::string> rows;
  const HeapProfile profile = heap.Next();
  for (std::size_t i = 0; i < 3; ++i) rows.push_back(writer.Write(Minute(i), profile)->bytes);
  RowChain chain;
  ASSERT_TRUE(chain.Apply(rows[0]));
  const auto applied = chain.Apply(rows[2]);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(applied.error().message, HasSubstr("one is missing"));
}

TEST(RowCodec, RefusesAnUnknownFormat) {
  RandomHeap heap(3);
  RowWriter writer;
  std::string row = writer.Write(Minute(0), heap.Next())->bytes;
  row[0] = static_cast<char>(0x25);
  EXPECT_THAT(RowChain().Apply(row).error().message, HasSubstr("format 2"));
}

// Whatever a disk may do to a row: an error or another profile, never a crash or an endless
// reservation.
TEST(RowCodec, SurvivesDamagedRows) {
  RandomHeap heap(9);
  RowWriter writer;
  const std::string first = writer.Write(Minute(0), heap.Next())->bytes;
  const std::string second = writer.Write(Minute(1), heap.Next())->bytes;
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string broken = i % 2 == 0 ? first : second;
    broken[random() % broken.size()] = static_cast<char>(random());
    if (i % 3 == 0) broken.resize(random() % broken.size());
    RowChain chain;
    if (i % 2 == 1) {
      ASSERT_TRUE(chain.Apply(first));
    }
    (void)chain.Apply(broken).has_value();
  }
}

}  // namespace
}  // namespace heapwatch
