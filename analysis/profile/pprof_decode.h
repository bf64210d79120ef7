// From the bytes of a pprof profile.proto message, uncompressed, to a checked HeapProfile.
//
// Two passes: the first finds the parts (a writer may put the strings last), the second resolves
// ids and sums. All scratch memory is kept for the next profile; one PprofDecoder belongs to one
// thread at a time. Used by decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

class PprofDecoder {
 public:
  // Errors: kWrongFormat (no such message, or not of a heap), kCorrupt (with the offset of the
  // broken part), kLimit.
  Result<HeapProfile> Decode(std::string_view message, const DecodeLimits& limits);

 private:
  // From the ids in a message, usually 1..n, to indexes.
  class IdTable {
   public:
    void Reset(std::size_t count);
    bool Insert(std::uint64_t id, std::uint32_t index);  // false: id stood there before
    bool Find(std::uint64_t id, std::uint32_t& index) const {
      if (id < dense_.size()) {
        index = dense_[id];
        return index != kNone;
      }
      return FindSparse(id, index);
    }

   private:
    static constexpr std::uint32_t kNone = 0xffffffff;
    bool FindSparse(std::uint64_t id, std::uint32_t& index) const;
    std::vector<std::uint32_t> dense_;
    std::unordered_map<std::uint64_t, std::uint32_t> sparse_;
  };

  // Open addressing; holds indexes, the caller compares.
  class IndexTable {
   public:
    static constexpr std::uint32_t kEmpty = 0xffffffff;
    void Reset(std::size_t count);
    template <class Equal>
    std::uint32_t& Slot(std::uint64_t hash, Equal equal) {
      std::size_t at = hash & mask_;
      while (slots_[at] != kEmpty && !equal(slots_[at])) at = (at + 1) & mask_;
      return slots_[at];
    }

   private:
    std::vector<std::uint32_t> slots_;
    std::size_t mask_ = 0;
  };

  void FindParts(std::string_view message);
  void ReadHeader();
  void CopyStrings();
  void ReadMappings();
  void ReadFunctions();
  void ReadLocations();
  void ReadLine(std::string_view part);
  void ReadSamples();
  void ReadSample(std::string_view part);
  StackId InternStack();
  void AddSample(StackId stack, std::int64_t block_bytes);
  std::int64_t BlockBytes(std::string_view label) const;
  SampleType ReadValueType(std::string_view part) const;
  std::string_view String(std::int64_t index) const;

  const DecodeLimits* limits_ = nullptr;
  HeapProfile profile_;

  std::string_view message_;
  std::string_view part_;  // being read, for the place in an error
  std::vector<std::string_view> sample_types_;
  std::vector<std::string_view> samples_;
  std::vector<std::string_view> mappings_;
  std::vector<std::string_view> locations_;
  std::vector<std::string_view> functions_;
  std::vector<std::string_view> strings_;
  std::vector<std::string_view> period_types_;
  std::vector<std::int64_t> comments_;
  std::int64_t time_nanos_ = 0;
  std::int64_t duration_nanos_ = 0;
  std::int64_t period_ = 0;
  std::int64_t default_sample_type_ = 0;

  IdTable mapping_ids_;
  IdTable location_ids_;
  IdTable function_ids_;
  std::vector<ContentHash> location_hashes_;

  // Of the sample being read.
  std::vector<LocationId> stack_;
  std::vector<ContentHash> stack_key_;
  std::vector<std::int64_t> values_;
  IndexTable stacks_;
  IndexTable rows_;
};

}  // namespace heapwatch
