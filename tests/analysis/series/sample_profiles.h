// Heap profiles made by hand for the tests of series and store, and a text form in which two of
// them can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// As Go serves them: alloc_objects, alloc_space, inuse_objects, inuse_space.
std::vector<SampleType> GoSampleTypes();

// Puts a profile together without merging anything, so that odd profiles can be made too.
//
//   ProfileMaker maker(GoSampleTypes());
//   const StackId stack = maker.Stack({"main.f", "main.main"});
//   maker.Sample(stack, 64, {10, 640, 1, 64});
//   HeapProfile profile = maker.Make();
class ProfileMaker {
 public:
  explicit ProfileMaker(std::vector<SampleType> types);

  HeapProfile& profile() { return profile_; }

  std::string_view Keep(std::string text);
  FunctionId AddFunction(std::string name, std::string system_name, std::string file,
                         std::int64_t start_line);
  LocationId AddLocation(std::optional<MappingId> mapping, std::uint64_t address,
                         const std::vector<Line>& lines, bool is_folded = false);
  // The hash is made from the same things the decoders make it from.
  StackId AddStack(const std::vector<LocationId>& locations);
  // A stack of functions of "main.go", leaf first, each called at line 10 and started at line 1.
  StackId Stack(const std::vector<std::string>& functions);
  void Sample(StackId stack, std::int64_t block_bytes, const std::vector<std::int64_t>& values);

  HeapProfile Make() const { return profile_; }

 private:
  HeapProfile profile_;
  std::map<std::string, LocationId> location_of_function_;
};

// Everything that must survive storing, one line each, in an order that does not depend on the
// order of samples, functions or locations. Samples of equal stacks (by content) and block sizes
// are summed; those of zeros
// alone are left out.
std::string Canonical(const HeapProfile& profile);

// A process that runs on and on: each Next() is its heap profile a while later. From a seed, the
// same everywhere. It has all that can stand in a profile: named, inlined and nameless locations,
// several block sizes, stacks that come and go, odd values, restarts, now and then another
// sampling period, other sample types, comments or mappings, and for a while the process' memory.
class RandomHeap {
 public:
  explicit RandomHeap(std::uint64_t seed, std::size_t stacks = 40);
  HeapProfile Next();

 private:
  struct Live {
    std::size_t stack;
    std::int64_t block_bytes;
    std::int64_t alloc = 0;  // in sampled objects
    std::int64_t inuse = 0;
  };

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }
  void Turn();
  std::vector<std::int64_t> Values(const Live& live);
  std::vector<std::vector<LocationId>> AddStacks(ProfileMaker& maker);

  std::mt19937_64 random_;
  std::size_t stack_count_;
  std::vector<Live> live_;
  std::vector<SampleType> types_;
  std::optional<std::int64_t> period_ = 524288;
  std::size_t mapping_count_ = 2;
  std::uint64_t base_ = 0x400000;
  std::vector<std::string> comments_;
  bool is_resident_told_ = false;
};

// A site for each leaf function.
class LeafAttributor : public SiteAttributor {
 public:
  Site Attribute(const HeapProfile& profile, StackId stack) const override;
};

}  // namespace heapwatch
