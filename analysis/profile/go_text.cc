#include "analysis/profile/go_text.h"

#include <algorithm>

#include "analysis/profile/decode.h"

namespace heapwatch {

std::optional<GoFrame> ParseGoFrame(std::string_view line) {
  if (!line.starts_with("#\t0x")) return std::nullopt;
  line.remove_prefix(1);
  GoFrame frame;
  const auto address = TakeHex(line);
  if (!address || !line.starts_with('\t')) return std::nullopt;
  frame.address = *address;
  line.remove_prefix(1);
  const std::size_t tab = std::min(line.find('\t'), line.size());
  frame.function = line.substr(0, tab);
  const std::size_t plus = frame.function.rfind("+0x");
  if (plus != std::string_view::npos) frame.function = frame.function.substr(0, plus);
  std::string_view place = line.substr(tab);
  SkipSpaces(place);
  const std::size_t colon = place.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view number = place.substr(colon + 1);
    frame.line = TakeNumber(number).value_or(0);
    place = place.substr(0, colon);
  }
  frame.file = place;
  return frame;
}

void AddGoStack(std::span<const GoFrame> frames, TextProfile& profile,
                std::vector<LocationId>& stack) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i + 1;
    while (end < frames.size() && frames[end].address == frames[i].address) ++end;
    auto location = profile.Known(frames[i].address);
    if (!location) {
      lines.clear();
      for (const GoFrame& frame : frames.subspan(i, end - i)) {
        const FunctionId function =
            profile.AddFunction({.name = frame.function.substr(0, kMostTextBytes),
                                 .file = frame.file.substr(0, kMostTextBytes)});
        lines.push_back({.function = function, .line = frame.line});
      }
      location = profile.Add(frames[i].address, lines);
    }
    stack.push_back(*location);
    i = end;
  }
}

bool IsGoText(std::string_view text) {
  return text.find("\n#\t0x") != std::string_view::npos ||
         text.find("\n# runtime.MemStats") != std::string_view::npos;
}

}  // namespace heapwatch
