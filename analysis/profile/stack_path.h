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

  ContentHash hash() const { return frames_[depth_].hash; }
  // Where the leaf stands; StackList::kNoCallers where the stack has no frame.
  StackList::Place leaf() const { return frames_[depth_].place; }

 private:
  // A stack up to one of its frames, from the root.
  struct Frame {
    ContentHash hash;
    StackList::Place place = StackList::kNoCallers;
  };

  void ReadSlowly(std::string_view rest);
  void PushFrame(std::uint64_t id, std::size_t own);
  void MakeRoom(std::size_t frames);
  void PutDown(std::size_t own);

  const IdTable* location_ids_ = nullptr;
  std::size_t stack_depth_ = 0;
  StackList* stacks_ = nullptr;
  std::vector<ContentHash> location_hashes_;

  std::vector<Frame> frames_;  // the empty stack, then depth_ frames, root first
  std::size_t depth_ = 0;
  std::string_view ids_;
};

}  // namespace heapwatch
