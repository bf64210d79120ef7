// From the text dumps of gperftools, jemalloc and Go (debug=1), uncompressed, to a checked
// HeapProfile. Used by decode.h only.
//
// Values come out unsampled, so that they mean the same as those of a protobuf profile. Alloc
// columns are there only where the dump carries them. Errors: kCorrupt with line and byte, kLimit,
// kUnavailable where profiling is switched off. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

inline constexpr std::string_view kGperftoolsMark = "heap profile:";
inline constexpr std::string_view kJemallocMark = "heap_v2/";

enum class TextFormat { kGperftools, kJemalloc };  // Go's debug=1 text is gperftools' with comments

struct TextHeader {
  TextFormat format;
  std::size_t begin;  // of the header line; before it stands nothing but log lines
};
// nullopt: no such header among the first lines, or bytes before it that are no text.
std::optional<TextHeader> FindTextHeader(std::string_view bytes);

// `begin` as in TextHeader.
Result<HeapProfile> DecodeGperftoolsText(std::string_view text, std::size_t begin,
                                         const DecodeLimits& limits);
Result<HeapProfile> DecodeJemallocText(std::string_view text, std::size_t begin,
                                       const DecodeLimits& limits);
Result<HeapProfile> DecodeText(std::string_view bytes, const TextHeader& header,
                               const DecodeLimits& limits);

}  // namespace heapwatch
