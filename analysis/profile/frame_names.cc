#include "analysis/profile/frame_names.h"

#include "analysis/profile/site_names.h"

namespace heapwatch {

FrameNames::FrameNames(const HeapProfile& profile) : profile_(profile) {
  begin_.reserve(profile.locations.size() + 1);
  for (const Location& location : profile.locations) {
    for (const Line& line : profile.lines_of(location)) {
      const Function& function = profile.functions[line.function.index()];
      if (!function.name.empty())
        frames_.push_back(Intern(function.name));
      else if (!function.system_name.empty())
        frames_.push_back(Intern(function.system_name));
      else
        frames_.push_back(Intern(made_.emplace_back(OffsetName(profile, location))));
    }
    if (location.line_count == 0)
      frames_.push_back(Intern(made_.emplace_back(OffsetName(profile, location))));
    begin_.push_back(static_cast<std::uint32_t>(frames_.size()));
  }
}

void FrameNames::Frames(StackId stack, std::vector<NameId>& frames) const {
  frames.clear();
  for (const LocationId location : profile_.stack(stack))
    for (std::uint32_t i = begin_[location.index()]; i < begin_[location.index() + 1]; ++i)
      frames.push_back(frames_[i]);
}

NameId FrameNames::Intern(std::string_view name) {
  const auto [it, is_new] = ids_.try_emplace(name, NameId(names_.size()));
  if (is_new) names_.push_back(name);
  return it->second;
}

}  // namespace heapwatch
