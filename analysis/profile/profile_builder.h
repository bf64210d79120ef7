// Puts a HeapProfile together piece by piece: for the text formats and for tests.
//
// Equal functions, locations and stacks become one; samples of the same (stack, block size) are
// summed. Texts handed in are copied. Ids handed in must be the builder's own. One thread.
//
//   ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
//   b.AddSample({{"main.f", "main.go", 7, 5}, {"main.main", "main.go", 3, 1}}, 16, {160});
//   HeapProfile p = std::move(b).Build();
//   p.time = at;
//
// Frames go from the leaf to the root. Time, duration, period and comments are set on what Build
// returns. With addresses, inlined calls or mappings:
//
//   MappingId m = b.AddMapping({.start = 0x400000, .limit = 0x500000, .file = "/bin/app"});
//   FunctionId inner = b.AddFunction({.name = "inlined"});
//   FunctionId outer = b.AddFunction({.name = "caller"});
//   LocationId raw = b.AddLocation({.mapping = m, .address = 0x401234}, {});
//   LocationId two = b.AddLocation({.mapping = m, .address = 0x401300}, {{inner, 12}, {outer, 40}});
//   b.AddSample(b.AddStack({raw, two}), 16, {160});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

struct Frame {
  std::string_view function;
  std::string_view file = {};
  std::int64_t line = 0;
  std::int64_t start_line = 0;
};

class ProfileBuilder {
 public:
  explicit ProfileBuilder(std::vector<SampleType> sample_types);

  MappingId AddMapping(const Mapping& mapping);
  FunctionId AddFunction(const Function& function);
  // `first_line` and `line_count` of `location` are the builder's business; the lines go innermost
  // first.
  LocationId AddLocation(const Location& location, std::span<const Line> lines);
  LocationId AddLocation(const Location& location, std::initializer_list<Line> lines);
  // Leaf first. Two sequences of locations whose names and lines are the same are one stack.
  StackId AddStack(std::span<const LocationId> locations);
  StackId AddStack(std::initializer_list<LocationId> locations);

  // One value per sample type.
  void AddSample(StackId stack, std::int64_t block_bytes, std::span<const std::int64_t> values);
  void AddSample(StackId stack, std::int64_t block_bytes,
                 std::initializer_list<std::int64_t> values);
  void AddSample(std::span<const Frame> stack, std::int64_t block_bytes,
                 std::span<const std::int64_t> values);
  void AddSample(std::initializer_list<Frame> stack, std::int64_t block_bytes,
                 std::initializer_list<std::int64_t> values);

  HeapProfile Build() &&;

 private:
  struct SampleKey {
    StackId stack;
    std::int64_t block_bytes = 0;
    bool operator==(const SampleKey&) const = default;
  };
  struct SampleKeyHash {
    std::size_t operator()(const SampleKey& key) const;
  };

  std::string_view Intern(std::string_view text);

  HeapProfile profile_;
  std::vector<ContentHash> location_hashes_;
  std::vector<ContentHash> stack_key_;  // scratch
  std::unordered_map<std::string_view, std::string_view> texts_;
  std::unordered_map<std::string, std::uint32_t>
      known_;  // a part's bytes -> its id; the first byte tells the kind
  std::unordered_map<ContentHash, StackId> stacks_;
  std::unordered_map<SampleKey, std::uint32_t, SampleKeyHash> samples_;
};

}  // namespace heapwatch
