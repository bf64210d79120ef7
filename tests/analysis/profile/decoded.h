// A profile that a test takes for granted can be decoded.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "analysis/profile/decode.h"

namespace heapwatch {

// Fails the test, and is empty, where it cannot.
inline HeapProfile Decoded(std::string_view bytes) {
  Result<HeapProfile> profile = DecodeProfile(bytes);
  if (profile) return *std::move(profile);
  ADD_FAILURE() << profile.error().message;
  return {};
}

}  // namespace heapwatch
