// Function names made to survive a rebuild, and the names of allocators and runtime helpers. Pure.
//
//   "pool.New[go.shape.*uint8]" -> "pool.New[...]"
//       type parameters, as Go's profiles elide them
//   "store::put::h0123456789abcdef" -> "store::put"
//       Rust's hash of the build
//   "parse(char const*) [clone .cold]" -> "parse(char const*)", "read.part.0" -> "read"
//       the compiler's split and copied functions
//   "malloc@@GLIBC_2.2.5" -> "malloc"
//   "./cart.js:add:12" -> "./cart.js:add"
//       the line, which Pyroscope's agent for Node.js repeats behind the name
//
// Closure numbers stay: without them two closures of one function would be one site, and nothing
// else in a profile tells them apart from one build to the next. Import paths keep their major
// version ("gopkg.in/yaml.v2", ".../caddy/v2"): two of them may live in one program.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "analysis/profile/heap_profile.h"

namespace heapwatch {

std::string NormalizeFunctionName(std::string_view name);

// What stands for the name of a frame or a site that has none: "libc.so.6+0x2a1f0", the offset in
// its file, or "0x7f..." without a mapping.
std::string OffsetName(const HeapProfile& profile, const Location& location);

// RE2 patterns, to be matched against the whole name, of functions that allocate on behalf of
// another.
std::span<const std::string_view> DefaultSkipPatterns();

// How the names of files begin in which a frame without a name is passed over as well.
std::span<const std::string_view> AllocatorLibraries();

}  // namespace heapwatch
