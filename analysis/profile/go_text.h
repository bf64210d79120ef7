// The comments under a record of Go's debug=1 text, which tell its frames. Used by
// gperftools_text.cc, whose records these are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/profile/text_profile.h"

namespace heapwatch {

// #\t0x2708051\tgithub.com/acme/store.(*Log).Append+0x151\t\tgithub.com/acme/store/log.go:98
struct GoFrame {
  std::uint64_t address = 0;
  std::string_view function;
  std::string_view file;
  std::int64_t line = 0;
};

// nullopt: a line of another kind.
std::optional<GoFrame> ParseGoFrame(std::string_view line);

// Appends the locations of one record. Go prints the frames of inlined calls with the address they
// share.
void AddGoStack(std::span<const GoFrame> frames, TextProfile& profile,
                std::vector<LocationId>& stack);

// Go records what was allocated even where nothing of it has been freed yet.
bool IsGoText(std::string_view text);

}  // namespace heapwatch
