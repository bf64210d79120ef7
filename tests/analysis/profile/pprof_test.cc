#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/inflate.h"
#include "analysis/profile/profile_builder.h"
#include "tests/analysis/profile/decoded.h"
#include "tests/analysis/profile/pprof_message.h"

namespace heapwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Error ErrorOf(const std::string& bytes, const DecodeLimits& limits = {}) {
  const Result<HeapProfile> profile = DecodeProfile(bytes, limits);
  if (!profile) return profile.error();
  ADD_FAILURE() << "decoded";
  return {};
}

HeapProfile TwoSizes() {
  ProfileBuilder b({{"alloc_objects", "count"},
                    {"alloc_space", "bytes"},
                    {"inuse_objects", "count"},
                    {"inuse_space", "bytes"}});
  const MappingId mapping = b.AddMapping({.start = 0x400000,
                                          .limit = 0x500000,
                                          .file_offset = 0x1000,
                                          .file = "/bin/app",
                                          .build_id = "ab12",
                                          .has_functions = true});
  const FunctionId inlined = b.AddFunction({.name = "f", .system_name = "_Zf", .file = "f.cc"});
  const FunctionId caller = b.AddFunction({.name = "g", .file = "g.cc", .start_line = 10});
  const LocationId both = b.AddLocation(
      {.mapping = mapping, .address = 0x401234},
      {{.function = inlined, .line = 3, .column = 9}, {.function = caller, .line = 12}});
  const LocationId raw =
      b.AddLocation({.mapping = mapping, .address = 0x402000, .is_folded = true}, {});
  const StackId stack = b.AddStack({both, raw});
  b.AddSample(stack, 16, {40, 640, 10, 160});
  b.AddSample(stack, 32, {2, 64, 1, 32});
  HeapProfile profile = std::move(b).Build();
  profile.sampling_period_bytes = 524288;
  profile.period_type = {"space", "bytes"};
  profile.time = FromUnixMillis(1795346576316);
  profile.comments = {"build 7"};
  profile.default_sample_type = 1;
  return profile;
}

TEST(Pprof, ComesBackAsItWent) {
  const HeapProfile profile = TwoSizes();
  const HeapProfile back = Decoded(EncodePprof(profile));
  EXPECT_EQ(back.sample_types, profile.sample_types);
  EXPECT_EQ(back.values, profile.values);
  EXPECT_EQ(back.stack_hashes, profile.stack_hashes);
  EXPECT_EQ(back.time, profile.time);
  EXPECT_EQ(back.sampling_period_bytes, 524288);
  EXPECT_EQ(back.comments, profile.comments);
  EXPECT_EQ(back.default_sample_type, 1U);
  ASSERT_EQ(back.samples.size(), 2U);
  EXPECT_EQ(back.samples[1].block_bytes, 32);
  ASSERT_EQ(back.locations.size(), 2U);
  EXPECT_EQ(back.locations[0].address, 0x401234U);
  EXPECT_TRUE(back.locations[1].is_folded);
  EXPECT_EQ(back.lines_of(back.locations[0])[0].column, 9);
  ASSERT_EQ(back.mappings.size(), 1U);
  EXPECT_EQ(back.mappings[0].file_offset, 0x1000U);
  EXPECT_EQ(back.mappings[0].build_id, "ab12");
  EXPECT_TRUE(back.mappings[0].has_functions);
  EXPECT_EQ(back.functions[0].system_name, "_Zf");
  EXPECT_EQ(back.functions[1].system_name, "");
  EXPECT_EQ(EncodePprof(back), EncodePprof(profile));
}

TEST(Pprof, AMissingQuantityIsAbsentNotZero) {
  PprofMessage message;
  message.AddSample({1, 2}, {64});
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.total(Quantity::kInuseSpace), 64);
  EXPECT_EQ(profile.total(Quantity::kAllocSpace), std::nullopt);
  EXPECT_EQ(profile.column(Quantity::kInuseObjects), std::nullopt);
  EXPECT_EQ(profile.sampling_period_bytes, std::nullopt);
  EXPECT_EQ(profile.time, std::nullopt);
  EXPECT_EQ(profile.duration, std::nullopt);
}

TEST(Pprof, SampleTypesAreFoundByNameAndUnit) {
  PprofMessage message;
  message.AddType("alloc_space", "count");  // a name with another unit is another quantity
  message.AddType("alloc_space", "bytes");
  message.AddType("objects", "count");
  message.AddSample({1}, {1, 2, 3, 4});
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.total(Quantity::kInuseSpace), 1);
  EXPECT_EQ(profile.total(Quantity::kAllocSpace), 3);
  EXPECT_EQ(profile.total(Quantity::kInuseObjects), 4);
}

TEST(Pprof, ValuesAreNeverRescaled) {
  PprofMessage message;
  message.profile.set_period(524288);
  message.AddSample({1}, {64});
  EXPECT_THAT(Decoded(message.Bytes()).values, ElementsAre(64));
}

TEST(Pprof, TheSameStackTwiceIsSummedAndBlockSizesStayApart) {
  PprofMessage message;
  message.AddBytes(message.AddSample({1, 2}, {64}), 32);
  message.AddBytes(message.AddSample({1, 2}, {100}), 48);
  message.AddBytes(message.AddSample({1, 2}, {6}), 32);
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.stack_count(), 1U);
  EXPECT_THAT(profile.values, ElementsAre(70, 100));
}

TEST(Pprof, AThousandBlockSizesOfOneLineAreKeptApart) {
  PprofMessage message;
  for (int i = 1; i <= 1500; ++i) message.AddBytes(message.AddSample({1, 2}, {i}), 16LL * i);
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.samples.size(), 1500U);
  EXPECT_EQ(profile.stack_count(), 1U);
}

TEST(Pprof, ACallRepeatedOnOneLineIsOneStack) {
  PprofMessage message;
  message.AddLocation(3, 1, 7);
  message.profile.mutable_location(2)->set_address(0x1234);
  message.AddSample({1, 2}, {64});
  message.AddSample({3, 2}, {36});
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.stack_count(), 1U);
  EXPECT_THAT(profile.values, ElementsAre(100));
}

TEST(Pprof, IdsMayBeAnythingAndComeOutSequential) {
  PprofMessage message;
  message.AddFunction(0xfffffffffffffffe, "main.g", "main.go", 20);
  message.AddLocation(1ULL << 40, 0xfffffffffffffffe, 21);
  message.AddSample({1ULL << 40, 2}, {64});
  const HeapProfile profile = Decoded(message.Bytes());
  const Location& leaf = profile.locations[profile.stack(StackId(0U))[0].index()];
  EXPECT_EQ(profile.functions[profile.lines_of(leaf)[0].function.index()].name, "main.g");
  const std::string encoded = EncodePprof(profile);
  EXPECT_EQ(Decoded(encoded).stack_hashes, profile.stack_hashes);
  Inflater inflater;
  oracle::Profile written;
  ASSERT_TRUE(written.ParseFromString(std::string(*inflater.Inflate(encoded, 1U << 20U))));
  for (int i = 0; i < written.location_size(); ++i) {
    EXPECT_EQ(written.location(i).id(), static_cast<std::uint64_t>(i + 1));
  }
  for (int i = 0; i < written.function_size(); ++i) {
    EXPECT_EQ(written.function(i).id(), static_cast<std::uint64_t>(i + 1));
  }
}

// Stacks are read from what they do not share, at their ends, with the stack before.
TEST(Pprof, StacksThatShareCallersComeOutWhole) {
  PprofMessage message;
  // Ids of one, two and three bytes, some of which end in the same bytes as others; most in order.
  std::vector<std::uint64_t> ids(300);
  std::iota(ids.begin(), ids.end(), 1U);
  ids.insert(ids.end(), {16391, 16513, 32775});
  for (const std::uint64_t id : ids) {
    if (id <= 2) continue;
    message.AddFunction(id, "main.f" + std::to_string(id), "main.go", 1);
    message.AddLocation(id, id, 3);
  }
  std::vector<std::vector<std::uint64_t>> stacks = {
      {7, 129, 2},   {7, 129, 2},     {135, 129, 2},         {2},          {129, 2},
      {257, 129, 2}, {16391, 257, 2}, {7, 257, 2},           {},           {32775},
      {7},           {16391},         {263, 16391},          {1, 2, 1, 2}, {2, 1, 2, 1, 2},
      {1, 2},        {16513, 129, 2}, {129, 2, 7, 135, 257}, {135, 257},   {7, 135, 257}};
  // Each of a deep stack's callers on its own, and the whole between them.
  const std::vector<std::uint64_t> deep(ids.begin() + 100, ids.begin() + 150);
  for (auto begin = deep.begin(); begin != deep.end(); ++begin) {
    for (const std::uint64_t last : {20U, 260U}) {
      for (auto leaf : {deep.begin(), begin}) {
        stacks.emplace_back(leaf, deep.end()).insert(stacks.back().end(), 12, last);
      }
    }
  }
  std::int64_t value = 1;
  for (const auto& stack : stacks) {
    auto* sample = message.AddSample({}, {value++});
    for (const std::uint64_t id : stack) sample->add_location_id(id);
  }
  const HeapProfile profile = Decoded(message.Bytes());
  std::map<std::vector<std::string>, std::int64_t> expected;
  value = 1;
  for (const auto& stack : stacks) {
    std::vector<std::string> names;
    for (const std::uint64_t id : stack) {
      names.push_back(id == 1 ? "main.f" : id == 2 ? "main.main" : "main.f" + std::to_string(id));
    }
    expected[names] += value++;
  }
  std::map<std::vector<std::string>, std::int64_t> found;
  for (std::size_t i = 0; i < profile.samples.size(); ++i) {
    std::vector<std::string> names;
    for (const LocationId id : profile.stack(profile.samples[i].stack)) {
      const Line& line = profile.lines_of(profile.locations[id.index()])[0];
      names.emplace_back(profile.functions[line.function.index()].name);
    }
    found[names] += profile.values_of(i)[0];
  }
  EXPECT_EQ(found, expected);
}

TEST(Pprof, DeepStacksCostWhatTheyDoNotShare) {
  PprofMessage message;
  for (std::uint64_t leaf = 3; leaf < 103; ++leaf) {
    message.AddLocation(leaf, 1, static_cast<std::int64_t>(leaf));
    auto* sample = message.AddSample({leaf}, {1});
    for (int i = 0; i < 4000; ++i) sample->add_location_id(2);
  }
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.stack_count(), 100U);
  EXPECT_EQ(profile.stack(StackId(99U)).size(), 4001U);
  EXPECT_LT(profile.stacks.word_count(), 5000U);
}

// In a table of libstdc++ with so many entries these would all fall into one bucket, and decoding
// take minutes.
TEST(Pprof, IdsChosenToCollideCostNoMoreThanOthers) {
  constexpr std::uint64_t kBuckets = 351061;
  constexpr std::uint64_t kCount = 300'000;
  PprofMessage message;
  for (std::uint64_t i = 1; i <= kCount; ++i) message.AddLocation(i * kBuckets, 1, 1);
  message.AddSample({kBuckets, kCount * kBuckets}, {64});
  EXPECT_EQ(Decoded(message.Bytes()).total(Quantity::kInuseSpace), 64);
}

TEST(Pprof, AMillionStringsAreReadAndMoreThanTheLimitRefused) {
  PprofMessage message;
  message.AddSample({1}, {64});
  for (int i = 0; i < 1'000'000; ++i) message.Text("");
  EXPECT_EQ(Decoded(message.Bytes()).total(Quantity::kInuseSpace), 64);
  EXPECT_EQ(ErrorOf(message.Bytes(), {.samples = 999'999}).code, ErrorCode::kLimit);
}

TEST(Pprof, ManySampleTypesAndEmptySamplesTakeNoMemory) {
  PprofMessage message;
  std::string bytes = message.Bytes();
  for (int i = 0; i < 1'000'000; ++i) bytes += std::string("\x0a\x00", 2);
  for (int i = 0; i < 1'000'000; ++i) bytes += std::string("\x12\x00", 2);
  EXPECT_EQ(ErrorOf(bytes).code, ErrorCode::kCorrupt);
}

TEST(Pprof, LengthsBeyondTheirPartAreRefusedWhereverTheyStand) {
  const std::string billion = "\x80\x94\xeb\xdc\x03";
  const auto with_part = [](char field, const std::string& part) {
    PprofMessage message;
    message.AddSample({1}, {64});
    return message.Bytes() + field + static_cast<char>(part.size()) + part;
  };
  for (const std::string& bytes :
       {with_part(0x12, "\x0a" + billion + "\x01"),                 // locations of a sample
        with_part(0x12, "\x12" + billion + "\x01"),                 // its values
        with_part(0x12, "\x0a\x01\x01\x12\x01\x01\x1a" + billion),  // its label
        with_part(0x22, "\x08\x09\x22" + billion),                  // the line of a location
        with_part(0x0a, "\x0a" + billion)}) {                       // what is a number elsewhere
    EXPECT_EQ(ErrorOf(bytes).code, ErrorCode::kCorrupt);
  }
}

TEST(Pprof, WhatDoesNotFitInASampleAsGoWritesItIsRefused) {
  const auto sample = [](const std::string& part) {
    return '\x12' + std::string(1, static_cast<char>(part.size())) + part;
  };
  const std::string stack = "\x12\x01\x40\x0a\x01\x01";          // values {64}, locations {1}
  const std::string whole = stack + "\x1a\x04\x08\x02\x18\x10";  // label {bytes: 16}
  std::string rest;  // unknown fields, so that nothing is read near the end
  for (int i = 0; i < 500; ++i) rest += "\x78\x01";
  const std::string before = PprofMessage().Bytes() + sample(whole);
  EXPECT_THAT(Decoded(before + sample(whole) + rest).values, ElementsAre(128));
  // What would be a label, were the sample longer, is a mapping.
  const HeapProfile other = Decoded(before + sample(stack) + whole.substr(stack.size()) + rest);
  EXPECT_EQ(other.samples.back().block_bytes, 0);
  for (const std::string& part :
       {stack + "\x1a\x05\x08\x02\x18\x90\x90",       // a number that goes on
        stack + "\x1a\x05\x08\x02\x18\x10\x05",       // and more in the label
        stack + "\x1a\x03\x08\x02\x18",               // no number
        stack + "\x1a\x05\x08\x02\x18\x10",           // one byte short
        std::string("\x12\x01\xc0\x0a\x01\x01"),      // a value that goes on
        std::string("\x12\x02\x40\x40\x0a\x01\x01"),  // two values
        std::string("\x12\x70\x40\x0a\x01\x01"),      // values beyond the sample
        std::string("\x12\x01\x40\x0a\x01\x81")}) {   // a location that goes on
    EXPECT_EQ(ErrorOf(before + sample(part) + rest).code, ErrorCode::kCorrupt);
  }
}

TEST(Pprof, ConcatenatedMessagesAreOneMessage) {
  PprofMessage all;
  all.AddSample({1, 2}, {64});
  oracle::Profile samples;
  *samples.mutable_sample() = all.profile.sample();
  const std::string bytes = all.Bytes() + samples.SerializeAsString();
  EXPECT_THAT(Decoded(bytes).values, ElementsAre(128));
}

TEST(Pprof, StringsMayRepeatTheEmptyOne) {
  PprofMessage message;
  message.Text("");
  message.AddFunction(3, "main.h", "", 0);
  message.profile.mutable_function(2)->set_filename(message.Text(""));
  message.AddLocation(3, 3, 1);
  message.AddSample({3}, {1});
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.functions[2].file, "");
}

TEST(Pprof, ABuildIdMayBeOneByte) {
  PprofMessage message;
  auto* mapping = message.profile.add_mapping();
  mapping->set_id(9);
  mapping->set_build_id(message.Text("x"));
  message.AddSample({1}, {1});
  EXPECT_EQ(Decoded(message.Bytes()).mappings[0].build_id, "x");
}

TEST(Pprof, RepeatedNumbersMayStandUnpacked) {
  // sample_type {1, 2}; sample {location_id: 1, value: 64} field by field; strings.
  PprofMessage message;
  std::string bytes = message.Bytes();
  bytes += std::string("\x12\x06\x08\x01\x08\x02\x10\x40", 8);
  const HeapProfile profile = Decoded(bytes);
  EXPECT_THAT(profile.values, ElementsAre(64));
  EXPECT_EQ(profile.stack(StackId(0U)).size(), 2U);
}

TEST(Pprof, AddressSpaceRandomisationDoesNotMakeAnotherStack) {
  const auto stack_of = [](std::uint64_t start) {
    ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
    const MappingId m = b.AddMapping({.start = start, .limit = start + 0x1000, .build_id = "ab"});
    b.AddSample(b.AddStack({b.AddLocation({.mapping = m, .address = start + 0x42}, {})}), 0, {1});
    return std::move(b).Build().stack_hashes.at(0);
  };
  EXPECT_EQ(stack_of(0x400000), stack_of(0x7f0000));
}

TEST(Pprof, DanglingAndDoubleIdsAreRefused) {
  const auto broken = [](auto change) {
    PprofMessage message;
    message.AddSample({1, 2}, {64});
    change(message);
    const Error error = ErrorOf(message.Bytes());
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << error.message;
    EXPECT_THAT(error.message, HasSubstr("part at byte "));
    return error.message;
  };
  EXPECT_THAT(broken([](auto& m) { m.AddSample({77}, {1}); }), HasSubstr("location 77"));
  EXPECT_THAT(broken([](auto& m) { m.AddSample({0}, {1}); }), HasSubstr("location 0"));
  EXPECT_THAT(broken([](auto& m) { m.AddLocation(3, 77, 1); }), HasSubstr("function 77"));
  EXPECT_THAT(broken([](auto& m) { m.AddLocation(2, 1, 1); }),
              HasSubstr("two locations with id 2"));
  EXPECT_THAT(broken([](auto& m) { m.AddFunction(2, "x", "", 0); }), HasSubstr("two functions"));
  EXPECT_THAT(broken([](auto& m) { m.AddFunction(0, "x", "", 0); }), HasSubstr("id 0"));
  EXPECT_THAT(broken([](auto& m) { m.profile.mutable_function(0)->set_name(500); }),
              HasSubstr("string 500"));
  EXPECT_THAT(broken([](auto& m) { m.profile.mutable_function(0)->set_name(-1); }),
              HasSubstr("string -1"));
}

TEST(Pprof, AMappingThatIsNotListedIsNone) {
  PprofMessage message;
  message.profile.mutable_location(0)->set_mapping_id(5);
  message.AddSample({1}, {64});
  EXPECT_EQ(Decoded(message.Bytes()).locations[0].mapping, std::nullopt);
}

TEST(Pprof, TwoValuesAgainstFourTypesAreRefused) {
  PprofMessage message;
  for (const char* type : {"a", "b", "c"}) message.AddType(type, "bytes");
  message.AddSample({1, 2}, {64, 65});
  EXPECT_THAT(ErrorOf(message.Bytes()).message, HasSubstr("2 values against 4 sample types"));
}

TEST(Pprof, SaysWhereItIsCutShort) {
  PprofMessage message;
  message.AddSample({1, 2}, {64});
  const std::string bytes = message.Bytes();
  const Error error = ErrorOf(bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr("part at byte "));
}

TEST(Pprof, AWrongWireTypeIsAnErrorNotACrash) {
  PprofMessage message;
  EXPECT_THAT(ErrorOf(message.Bytes() + "\x4a\x01x").message, HasSubstr("field 9 has wire type 2"));
}

TEST(Pprof, DepthAndNumbersAreBounded) {
  PprofMessage message;
  auto* sample = message.AddSample({}, {1});
  for (int i = 0; i < 5000; ++i) sample->add_location_id(1);
  const Error deep = ErrorOf(message.Bytes());
  EXPECT_EQ(deep.code, ErrorCode::kLimit);
  EXPECT_THAT(deep.message, HasSubstr("more than 4096 frames in a stack"));

  PprofMessage many;
  for (int i = 0; i < 200; ++i) many.AddSample({1}, {1});
  EXPECT_EQ(ErrorOf(many.Bytes(), {.samples = 100}).code, ErrorCode::kLimit);
}

TEST(Pprof, TextsAreCutBeyondTheirBound) {
  PprofMessage message;
  message.AddFunction(3, std::string(5000, 'n'), std::string(4096, 'f'), 1);
  const HeapProfile profile = Decoded(message.Bytes());
  EXPECT_EQ(profile.functions[2].name, std::string(4096, 'n'));
  EXPECT_EQ(profile.functions[2].file, std::string(4096, 'f'));
}

TEST(Pprof, TextsNamedTimeAndAgainAreBounded) {
  PprofMessage comments;
  comments.AddSample({1}, {64});
  const std::int64_t text = comments.Text(std::string(1000, 'c'));
  for (int i = 0; i < 1000; ++i) comments.profile.add_comment(text);
  EXPECT_EQ(Decoded(comments.Bytes()).comments.size(), 1000U);
  for (int i = 0; i < 1000; ++i) comments.profile.add_comment(text);
  EXPECT_EQ(ErrorOf(comments.Bytes()).code, ErrorCode::kLimit);

  PprofMessage types;
  const std::int64_t unit = types.Text(std::string(1000, 'u'));
  for (int i = 0; i < 2000; ++i) types.profile.add_sample_type()->set_unit(unit);
  EXPECT_EQ(ErrorOf(types.Bytes()).code, ErrorCode::kLimit);
}

TEST(Pprof, CallsInlinedAtLocationsPassedTimeAndAgainAreBounded) {
  PprofMessage message;
  auto* location = message.profile.mutable_location(0);
  for (int i = 1; i < 1000; ++i) location->add_line()->set_function_id(1);
  auto* sample = message.AddSample({}, {64});
  for (int i = 0; i < 100; ++i) sample->add_location_id(1);
  EXPECT_EQ(Decoded(message.Bytes()).total(Quantity::kInuseSpace), 64);
  EXPECT_TRUE(DecodeProfile(message.Bytes(), {.frames = 100'000}));
  const Error error = ErrorOf(message.Bytes(), {.frames = 99'999});
  EXPECT_EQ(error.code, ErrorCode::kLimit);
  EXPECT_THAT(error.message, HasSubstr("more than 99999 frames in all stacks"));
}

TEST(Pprof, ADecoderMayBeUsedAgainAfterAnError) {
  PprofMessage message;
  message.AddSample({1, 2}, {64});
  Decoder decoder;
  EXPECT_TRUE(decoder.Decode(message.Bytes()));
  EXPECT_FALSE(decoder.Decode(message.Bytes() + "\x12\x02\x08\x63"));
  const Result<HeapProfile> again = decoder.Decode(message.Bytes());
  ASSERT_TRUE(again);
  EXPECT_THAT(again->values, ElementsAre(64));
}

}  // namespace
}  // namespace heapwatch
