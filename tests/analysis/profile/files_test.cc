// Every recorded profile, against libprotobuf's own parser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <unordered_map>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/inflate.h"
#include "pprof.pb.h"
#include "tests/analysis/profile/profile_files.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

// "main.f main.go:7;main.main main.go:3;|16" -> the values.
using Rows = std::map<std::string, std::vector<std::int64_t>>;

void Add(Rows& rows, const std::string& key, std::span<const std::int64_t> values) {
  std::vector<std::int64_t>& sums = rows[key];
  sums.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

std::string FrameText(std::string_view function, std::string_view file, std::int64_t line) {
  return std::string(function) + " " + std::string(file) + ":" + std::to_string(line) + ";";
}

Rows RowsOf(const HeapProfile& profile) {
  std::vector<std::string> locations;
  for (const Location& location : profile.locations) {
    std::string& text = locations.emplace_back();
    for (const Line& line : profile.lines_of(location)) {
      const Function& function = profile.functions[line.function.index()];
      text += FrameText(function.name, function.file, line.line);
    }
    if (location.line_count == 0) text = std::to_string(location.address) + ";";
  }
  Rows rows;
  for (std::size_t i = 0; i < profile.samples.size(); ++i) {
    std::string key;
    for (const LocationId id : profile.stack(profile.samples[i].stack))
      key += locations[id.index()];
    Add(rows, key + "|" + std::to_string(profile.samples[i].block_bytes), profile.values_of(i));
  }
  return rows;
}

Rows RowsOf(const oracle::Profile& profile) {
  std::unordered_map<std::uint64_t, const oracle::Function*> functions;
  for (const auto& function : profile.function()) functions[function.id()] = &function;
  const auto text = [&](std::int64_t i) { return profile.string_table(static_cast<int>(i)); };
  std::unordered_map<std::uint64_t, std::string> locations;
  for (const auto& location : profile.location()) {
    std::string& out = locations[location.id()];
    for (const auto& line : location.line()) {
      const oracle::Function& function = *functions.at(line.function_id());
      out += FrameText(text(function.name()), text(function.filename()), line.line());
    }
    if (location.line().empty()) out = std::to_string(location.address()) + ";";
  }
  Rows rows;
  for (const auto& sample : profile.sample()) {
    std::string key;
    for (const std::uint64_t id : sample.location_id()) key += locations.at(id);
    std::int64_t bytes = 0;
    for (const auto& label : sample.label()) {
      if (text(label.key()) == "bytes") bytes = label.num();
    }
    const std::vector<std::int64_t> values(sample.value().begin(), sample.value().end());
    Add(rows, key + "|" + std::to_string(bytes), values);
  }
  return rows;
}

std::vector<std::filesystem::path> PprofFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files = FilesIn(folder);
  std::erase_if(files, [](const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name.find(".pb") == std::string::npos || name.find(".cpu.") != std::string::npos ||
           name.find("-off.") != std::string::npos;
  });
  return files;
}

void AgreesWithLibprotobuf(const std::vector<std::filesystem::path>& files) {
  Decoder decoder({.allow_delta = true, .allow_without_live = true});
  for (const std::filesystem::path& path : files) {
    SCOPED_TRACE(path.filename().string());
    const std::string bytes = ReadFile(path);
    Inflater inflater;
    const Result<std::string_view> plain = inflater.Inflate(bytes, 1U << 30U);
    ASSERT_TRUE(plain);
    if (plain->size() > 10'000'000) continue;  // the rows of the largest one take a minute to spell
    oracle::Profile message;
    ASSERT_TRUE(message.ParseFromArray(plain->data(), static_cast<int>(plain->size())));
    const Result<HeapProfile> profile = decoder.Decode(bytes);
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(RowsOf(*profile), RowsOf(message));
    const Result<HeapProfile> again = decoder.Decode(EncodePprof(*profile));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(RowsOf(*again), RowsOf(message));
    EXPECT_EQ(again->stack_hashes, profile->stack_hashes);
  }
}

TEST(RecordedProfiles, AgreeWithLibprotobuf) {
  const auto files = PprofFiles(InSource("testdata/profiles"));
  ASSERT_GE(files.size(), 3U);
  AgreesWithLibprotobuf(files);
}

TEST(RecordedProfiles, OfOtherProgramsAgreeWithLibprotobuf) {
  const auto files = PprofFiles(SharedProfiles());
  if (files.empty()) GTEST_SKIP() << "no ../shared/data/profiles beside this checkout";
  AgreesWithLibprotobuf(files);
}

TEST(RecordedProfiles, HaveTheTotalsPprofShows) {
  struct Case {
    const char* file;
    std::size_t stacks;
    std::optional<std::int64_t> inuse_bytes;
    std::optional<std::int64_t> alloc_objects;
    std::int64_t period;
  };
  for (const auto& [file, stacks, inuse_bytes, alloc_objects, period] : {
           Case{"go1.19.t0.pb.gz", 10, 16710918, 14926, 16384},
           Case{"go1.19.t1.pb.gz", 94, 777730, 27752, 16384},
           Case{"gperftools-2.10-heapprofile.heap.gz", 5, 23309720, 26017, 1},
           Case{"gperftools-2.10-heap_v2.heap.gz", 2, 8234785, std::nullopt, 65536},
           Case{"gperftools-2.10-growth.heap.gz", 3, 26214400, std::nullopt, 1},
           Case{"jemalloc-5.3.0.heap.gz", 2, 28725251, std::nullopt, 65536},
       }) {
    const Result<HeapProfile> profile = DecodeProfile(ReadFile(TestProfile(file)));
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->stack_count(), stacks) << file;
    EXPECT_EQ(profile->total(Quantity::kInuseSpace), inuse_bytes) << file;
    EXPECT_EQ(profile->total(Quantity::kAllocObjects), alloc_objects) << file;
    EXPECT_EQ(profile->sampling_period_bytes, period) << file;
  }
}

TEST(RecordedProfiles, GoTextSaysTheSameAsItsProtobuf) {
  // Taken one after the other with no garbage collection between: the same observation twice.
  const auto text = DecodeProfile(ReadFile(TestProfile("go1.19.debug1.txt.gz")));
  const auto message = DecodeProfile(ReadFile(TestProfile("go1.19.t1.pb.gz")));
  ASSERT_TRUE(text) << text.error().message;
  ASSERT_TRUE(message);
  EXPECT_EQ(text->sampling_period_bytes, message->sampling_period_bytes);
  const auto inuse_of = [](const HeapProfile& profile, std::string_view function) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < profile.samples.size(); ++i) {
      for (const LocationId id : profile.stack(profile.samples[i].stack)) {
        const auto lines = profile.lines_of(profile.locations[id.index()]);
        if (std::any_of(lines.begin(), lines.end(), [&](const Line& line) {
              return profile.functions[line.function.index()].name == function;
            })) {
          sum += profile.values_of(i)[*profile.column(Quantity::kInuseSpace)];
          break;
        }
      }
    }
    return sum;
  };
  EXPECT_GT(inuse_of(*message, "main.fill"), 300'000);
  EXPECT_EQ(inuse_of(*text, "main.fill"), inuse_of(*message, "main.fill"));
  EXPECT_EQ(inuse_of(*text, "main.small"), inuse_of(*message, "main.small"));
}

}  // namespace
}  // namespace heapwatch
