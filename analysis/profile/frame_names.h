// The functions of every stack as people read them, leaf first, calls that were inlined spelt out.
//
// The names are numbered, so that summing over functions compares integers. Views into the profile,
// which must outlive it. Pure.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

using NameId = StrongId<struct NameTag>;

class FrameNames {
 public:
  explicit FrameNames(const HeapProfile& profile);

  std::size_t size() const { return names_.size(); }
  std::string_view name(NameId id) const { return names_[id.index()]; }
  // Replaces what `frames` held by the frames of the stack, leaf first: one for each line of a
  // location, or one for the location where it has none.
  void Frames(StackId stack, std::vector<NameId>& frames) const;

 private:
  NameId Intern(std::string_view name);

  const HeapProfile& profile_;
  std::deque<std::string> made_;  // names that stand nowhere in the profile
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, NameId> ids_;
  std::vector<NameId> frames_;  // of location l: frames_[begin_[l] .. begin_[l + 1])
  std::vector<std::uint32_t> begin_ = {0};
};

}  // namespace heapwatch
