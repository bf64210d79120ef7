// From the bytes of a pprof profile.proto message, uncompressed, to a checked HeapProfile.
//
// Two passes: the first finds all parts but the samples and counts those; then the parts are read,
// each after those it names (a writer may put the strings last), and the second pass reads the
// samples. All scratch memory is kept for the next profile; one PprofDecoder belongs to one thread
// at a time. Used by decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/location_reader.h"
#include "analysis/profile/pprof_fields.h"
#include "analysis/profile/sample_reader.h"

namespace heapwatch {

class PprofDecoder {
 public:
  // `is_read`, where given, is told now and then up to where the message is wanted no more.
  //
  // Errors: kWrongFormat (no such message, or not of a heap), kCorrupt (with the offset of the
  // broken part), kLimit.
  Result<HeapProfile> Decode(std::string_view message, const DecodeLimits& limits,
                             std::function<void(const char* end)> is_read = {});

  // Takes a profile that is no longer wanted: the next one is decoded into its memory.
  void Recycle(HeapProfile&& done);

 private:
  void Clear();
  void ReadParts();
  void ReadSmallPart(const FieldReader& field);
  void AddPart(const FieldReader& field, std::string_view what,
               std::vector<std::string_view>& parts);
  void CopyStrings();
  void ReadHeader();
  void ReadMappings();
  SampleType ReadValueType(std::string_view part);
  std::string CopyText(std::int64_t index);
  void CheckFrames() const;

  const DecodeLimits* limits_ = nullptr;
  HeapProfile profile_;

  std::string_view message_;
  std::string_view part_;  // being read, for the place in an error
  std::vector<std::string_view> sample_types_;
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
  std::size_t copied_bytes_ = 0;
  SampleReader::Source samples_;

  IdTable mapping_ids_;
  LocationReader locations_reader_;
  SampleReader samples_reader_;
};

}  // namespace heapwatch
