// The hot part of decoding pprof: from the samples of a message to stacks and sums.
//
// Neighbouring stacks share most of their callers. So a stack is read from its root: what its bytes
// have in common with those of the sample before it, from the end, has been looked up, hashed and
// put down already. All memory is kept for the next profile. Used by pprof_decode.h only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/id_table.h"

namespace heapwatch {

class SampleReader {
 public:
  struct Source {
    std::string_view fields;  // of the message, from the first sample on; others are passed over
    std::size_t sample_count = 0;
    // Told now and then up to where the fields are wanted no more.
    std::function<void(const char* end)> is_read = {};
  };

  // `profile` has its locations and sample types; the samples are added to it.
  void Read(const Source& source, const std::vector<std::string_view>& texts,
            const IdTable& location_ids, std::size_t stack_depth, HeapProfile& profile);

  // The sample being read, for the place in an error.
  std::string_view part() const { return part_; }

 private:
  void Reset(const Source& source);
  void MakeRoom(std::size_t sample_count);
  void ReadAll(const Source& source);
  void ReadSample(std::string_view part);
  void ReadUnusual(std::string_view part);
  void ReadPath(std::string_view ids);
  void ReadPathSlowly(std::string_view rest, std::string_view ids);
  void KeepFrames(std::size_t frames);
  void PushFrame(std::uint64_t id);
  [[noreturn]] void NoSuchLocation(std::uint64_t id) const;
  [[noreturn]] void WrongValueCount(std::size_t count) const;
  void ReadValues(std::string_view packed);
  std::int64_t ReadBlockBytes(std::string_view label);
  std::int64_t ReadUnknownLabel(std::string_view label);
  StackList::Place PlaceOf(std::size_t frames) const;
  void PlacePath();
  void AddPending(std::int64_t block_bytes);
  void AddOldest();
  void AddToStack(StackId stack, std::int64_t block_bytes, const std::int64_t* values);
  void AddRow(StackId stack, std::int64_t block_bytes, const std::int64_t* values);
  std::uint32_t& FindRow(StackId stack, std::int64_t block_bytes);
  void GrowRows();

  HeapProfile* profile_ = nullptr;
  const IdTable* location_ids_ = nullptr;
  const std::vector<std::string_view>* texts_ = nullptr;
  std::size_t stack_depth_ = 0;
  std::vector<ContentHash> location_hashes_;
  std::string_view part_;

  std::uint64_t bytes_key_ = 0;  // the string "bytes"; 0: not seen yet

  // The stack read last, root first: the first depth_ of each count.
  std::vector<ContentHash> path_hashes_;
  std::vector<LocationId> path_;
  std::size_t depth_ = 0;
  std::size_t kept_ = 0;  // of them from the sample before
  ContentHash hash_;
  std::string_view path_bytes_;
  // Where its frames stand, in pieces: those from `begin` on one after the other from `place` on.
  struct Piece {
    std::size_t begin = 0;
    StackList::Place place = 0;
  };
  std::vector<Piece> pieces_;

  // Samples whose stacks have not been looked up yet: until then their slots come from memory.
  struct Pending {
    ContentHash hash;
    StackList::Place leaf = StackList::kNoCallers;
    std::int64_t block_bytes = 0;
  };
  static constexpr std::size_t kMostPending = 8;  // a power of two
  std::array<Pending, kMostPending> pending_;
  std::size_t read_count_ = 0;   // samples read
  std::size_t added_count_ = 0;  // and of these looked up

  std::size_t width_ = 0;             // values of one sample
  std::size_t row_count_ = 0;         // samples of the profile
  std::vector<std::uint64_t> ids_;    // of an unusual sample
  std::vector<std::int64_t> values_;  // of the same

  std::vector<std::uint32_t> first_row_;  // of each stack; its others are in rows_
  IndexTable stacks_;
  IndexTable rows_;
  std::size_t rows_used_ = 0;
};

}  // namespace heapwatch
