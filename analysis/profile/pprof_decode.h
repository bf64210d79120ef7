// From the bytes of a pprof profile.proto message, uncompressed, to a checked HeapProfile.
//
// Two passes: the first finds the parts (a writer may put the strings last), the second resolves
// ids and sums. All scratch memory is kept for the next profile; one PprofDecoder belongs to one
// thread at a time. Used by decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/sample_reader.h"

namespace heapwatch {

class PprofDecoder {
 public:
  // Errors: kWrongFormat (no such message, or not of a heap), kCorrupt (with the offset of the
  // broken part), kLimit.
  Result<HeapProfile> Decode(std::string_view message, const DecodeLimits& limits);

  // Takes a profile that is no longer wanted: the next one is decoded into its memory.
  void Recycle(HeapProfile&& done);

 private:
  static void Clear(HeapProfile& profile);
  void FindParts(std::string_view message);
  void ReadHeader();
  void CopyStrings();
  void ReadMappings();
  void ReadFunctions();
  void ReadLocations();
  void ReadLine(std::string_view part);
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
  SampleReader samples_reader_;
};

}  // namespace heapwatch
