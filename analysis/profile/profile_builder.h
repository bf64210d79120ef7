// Puts a HeapProfile together frame by frame: for the text formats, for profiles rebuilt from the store, and for tests.
// Equal functions, locations and stacks become one; samples of the same (stack, block size) are summed. One thread.
//
//   ProfileBuilder b({{"inuse_space", "bytes"}});
//   b.AddSample({{"main.f", "main.go", 7, 5}, {"main.main", "main.go", 3, 1}}, 16, {{160}});   // leaf first
//   HeapProfile p = std::move(b).Build();
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

struct Frame {
  std::string_view function;
  std::string_view file = {};
  std::int64_t line = 0;
  std::int64_t start_line = 0;
};

}  // namespace heapwatch
