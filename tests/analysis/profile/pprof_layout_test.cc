// What a writer may put in another order, and the order that Go has, which is read in one look.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "tests/analysis/profile/decoded.h"
#include "tests/analysis/profile/pprof_message.h"

namespace heapwatch {
namespace {

using testing::ElementsAre;

// The fields of a part, each with its key, in the order they stand.
std::vector<std::string> FieldsOf(std::string_view part) {
  std::vector<std::string> fields;
  protozero::pbf_reader reader(part.data(), part.size());
  const char* begin = part.data();
  while (reader.next()) {
    reader.skip();
    const char* const end = reader.data().data();
    fields.emplace_back(begin, end);
    begin = end;
  }
  return fields;
}

// The message with each part that `is_rewritten` tells by its field put together anew from its
// fields.
template <class IsRewritten, class Rewrite>
std::string WithParts(std::string_view message, IsRewritten is_rewritten, Rewrite rewrite) {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const std::string& field : FieldsOf(message)) {
    protozero::pbf_reader reader(field);
    reader.next();
    const auto tag = reader.tag();
    if (is_rewritten(tag))
      writer.add_message(tag, rewrite(tag, FieldsOf(reader.get_string())));
    else
      out += field;
  }
  return out;
}

// Functions, locations and samples get an unknown field in front, another value of their first
// field, which does not count, and their true first field at the end.
std::string InAnotherLayout(std::string_view message) {
  return WithParts(
      message, [](auto tag) { return tag == 2 || tag == 4 || tag == 5; },
      [](auto tag, const std::vector<std::string>& parts) {
        std::string part("\x78\x01");                   // 15: 1
        if (tag != 2) part += std::string("\x08\x63");  // id: 99
        for (std::size_t i = 1; i < parts.size(); ++i) part += parts[i];
        return part + parts[0];
      });
}

TEST(PprofLayout, TheOrderOfFieldsIsTheWritersBusiness) {
  PprofMessage message;
  message.profile.mutable_function(0)->set_system_name(message.Text("_Zf"));
  message.profile.mutable_location(1)->set_address(0x401234);
  message.AddBytes(message.AddSample({1, 2}, {640}), 16);
  message.AddBytes(message.AddSample({1, 2}, {64}), 32);
  message.AddSample({2}, {7});
  const std::string usual = message.Bytes();
  EXPECT_EQ(EncodePprof(Decoded(InAnotherLayout(usual))), EncodePprof(Decoded(usual)));
}

// Of each sample the values first; and long enough that nothing need be read near the end.
std::string AsGoWrites(std::string_view message) {
  std::string out = WithParts(
      message, [](auto tag) { return tag == 2; },
      [](auto, std::vector<std::string> parts) {
        std::swap(parts[0], parts[1]);
        std::string part;
        for (const std::string& each : parts) part += each;
        return part;
      });
  protozero::pbf_writer(out).add_string(6, std::string(1000, 'x'));
  return out;
}

TEST(PprofLayout, WhatGoWritesReadsAsInAnyOtherOrder) {
  PprofMessage message;
  const std::int64_t bytes = message.Text("bytes");
  const auto add_label = [](oracle::Sample& sample, std::int64_t key, std::int64_t number) {
    sample.add_label()->set_key(key);
    sample.mutable_label(sample.label_size() - 1)->set_num(number);
  };
  std::int64_t value = 1;
  const auto add = [&]() -> oracle::Sample& {
    return *(++value % 3 == 0 ? message.AddSample({1, 2}, {value})
                              : message.AddSample({2}, {value}));
  };
  for (unsigned bits = 0; bits < 64; ++bits) {
    const auto number = static_cast<std::int64_t>(std::uint64_t{1} << bits);
    add_label(add(), bytes, number);
    add_label(*message.AddSample({1}, {number}), bytes, 7);
  }
  add_label(add(), bytes, 0);
  add();                    // no label
  add_label(add(), 1, 48);  // another
  oracle::Sample& two = add();
  add_label(two, 1, 80);
  add_label(two, bytes, 64);
  add_label(add(), bytes, 96);
  message.profile.mutable_sample()->rbegin()->mutable_label(0)->set_num_unit(1);
  const HeapProfile usual = Decoded(message.Bytes());
  EXPECT_EQ(usual.samples.back().block_bytes, 96);
  EXPECT_EQ(EncodePprof(Decoded(AsGoWrites(message.Bytes()))), EncodePprof(usual));
}

TEST(PprofLayout, NumbersOfEveryLengthAreReadUpToTheLastByte) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    PprofMessage message;
    message.AddSample({1, 2}, {static_cast<std::int64_t>(std::uint64_t{1} << bits)});
    message.profile.mutable_location(1)->set_address(std::uint64_t{3} << bits);
    message.profile.mutable_location(1)->mutable_line(0)->set_line(-1);
    const std::string bytes = message.Bytes();
    // The last part is the sample, where no eight bytes follow it.
    std::string sample_last;
    std::string samples;
    for (const std::string& field : FieldsOf(bytes)) {
      (field[0] == 0x12 ? samples : sample_last) += field;
    }
    sample_last += samples;
    for (const std::string& each : {bytes, sample_last}) {
      const HeapProfile profile = Decoded(each);
      EXPECT_THAT(profile.values, ElementsAre(static_cast<std::int64_t>(std::uint64_t{1} << bits)));
      EXPECT_EQ(profile.locations[1].address, std::uint64_t{3} << bits);
      EXPECT_EQ(profile.lines[1].line, -1);
    }
  }
}

}  // namespace
}  // namespace heapwatch
