// The hot part of decoding pprof: from the samples of a message to stacks and sums.
//
// All memory is kept for the next profile. Used by pprof_decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/id_table.h"
#include "analysis/profile/sample_table.h"
#include "analysis/profile/stack_path.h"

namespace heapwatch {

class SampleReader {
 public:
  struct Source {
    std::string_view fields;  // of the message, from the first sample on; others are passed over
    std::size_t sample_count = 0;
    // Told now and then up to where the fields are wanted no more.
    std::function<void(const char* end)> is_read = {};
  };

  // `profile` has its locations and sample types; the samples are added to it. `part` is told which
  // of them is being read, for the place in an error.
  void Read(const Source& source, const std::vector<std::string_view>& texts,
            const IdTable& location_ids, std::size_t stack_depth, HeapProfile& profile,
            std::string_view& part);

 private:
  struct Fields {
    std::string_view ids;
    std::string_view values;
    std::int64_t block_bytes = 0;
  };

  void ReadSample(std::string_view part);
  // False: another layout, `fields` say nothing.
  bool FindGoFields(std::string_view part, Fields& fields) const;
  bool FindUsualFields(std::string_view part, Fields& fields);
  void ReadUnusual(std::string_view part);
  void ReadValues(std::string_view packed, std::int64_t* to) const;
  std::int64_t ReadBlockBytes(std::string_view label);
  std::int64_t ReadUnknownLabel(std::string_view label);
  [[noreturn]] void WrongValueCount(std::size_t count) const;

  const std::vector<std::string_view>* texts_ = nullptr;
  std::size_t width_ = 0;           // values of one sample
  const char* readable_ = nullptr;  // the end of the message
  std::uint64_t bytes_key_ = 0;     // the string "bytes"; 0: not seen yet
  // How Go's label `bytes` begins, up to the number, where its key is of one byte.
  static constexpr std::uint64_t kNoLabel = ~std::uint64_t{0};
  std::uint64_t bytes_label_ = kNoLabel;

  StackPath path_;
  SampleTable table_;
  std::vector<std::uint64_t> ids_;    // of an unusual sample
  std::vector<std::int64_t> values_;  // of the same
};

}  // namespace heapwatch
