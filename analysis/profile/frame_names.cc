#include "analysis/profile/frame_names.h"

#include <array>
#include <cstdio>

namespace heapwatch {
namespace {

std::string Hex(std::uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string AddressName(const HeapProfile& profile, const Location& location) {
  if (!location.mapping) return Hex(location.address);
  const Mapping& mapping = profile.mappings[location.mapping->index()];
  if (mapping.file.empty() || location.address < mapping.start) return Hex(location.address);
  const std::string_view file = mapping.file.substr(mapping.file.rfind('/') + 1);
  return std::string(file) + "+" + Hex(location.address - mapping.start);
}

}  // namespace

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
        frames_.push_back(Intern(made_.emplace_back(AddressName(profile, location))));
    }
    if (location.line_count == 0)
      frames_.push_back(Intern(made_.emplace_back(AddressName(profile, location))));
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
