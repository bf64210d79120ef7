// The stack read last, and where its frames stand: from the list of ids in a sample to a stack's
// hash and place.
//
// Neighbouring stacks share most of their callers. So a stack is read from its root: what its bytes
// have in common with those of the stack before it, from the end, has been looked up, hashed and
// put down already. All memory is kept for the next profile. Used by sample_reader.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/id_table.h"

namespace heapwatch {

class StackPath {
 public:
  // `profile` has its locations; the frames of stacks are added to it.
  void Reset(const IdTable& location_ids, std::size_t stack_depth, HeapProfile& profile);

  // A packed list, leaf first, with its length right before it as in a message; its bytes are
  // looked at once more for the next one.
  void Read(std::string_view ids);
  void Read(std::span<const std::uint64_t> ids);

  ContentHash hash() const { return hash_; }
  // Where the leaf stands; StackList::kNoCallers where the stack has no frame.
  StackList::Place leaf() const { return PlaceOf(depth_); }

 private:
  void ReadSlowly(std::string_view rest, std::string_view ids);
  void PushFrame(std::uint64_t id);
  void KeepFrames(std::size_t frames);
  void PutDown();
  StackList::Place PlaceOf(std::size_t frames) const;

  const IdTable* location_ids_ = nullptr;
  std::size_t stack_depth_ = 0;
  StackList* stacks_ = nullptr;
  std::vector<ContentHash> location_hashes_;

  // Root first: the first depth_ of each count.
  std::vector<ContentHash> hashes_;
  std::vector<LocationId> locations_;
  std::size_t depth_ = 0;
  std::size_t kept_ = 0;  // of them from the stack before
  ContentHash hash_;
  std::string_view ids_;
  // Where the frames stand, in pieces: those from `begin` on one after the other from `place` on.
  struct Piece {
    std::size_t begin = 0;
    StackList::Place place = 0;
  };
  std::vector<Piece> pieces_;
};

}  // namespace heapwatch
