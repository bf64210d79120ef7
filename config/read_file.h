// Reads files whole: configurations, secrets, profiles. Errors name the file and the way out.
#pragma once

#include <cstddef>
#include <string>

#include "analysis/base/error.h"

namespace heapwatch {

inline constexpr std::size_t kMaxConfigBytes = 16U << 20;

// A file or a pipe. kNotFound, kInvalidArgument (a directory), kUnavailable (it may not be read),
// kLimit (more than `max_bytes`).
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes = kMaxConfigBytes);

// The one line of a file that holds a password, a token or a name, without blanks around it.
// Errors: those of ReadFile, kInvalidArgument where there is no line or more than one.
Result<std::string> ReadLineOfFile(const std::string& path);

}  // namespace heapwatch
