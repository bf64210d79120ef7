#include "analysis/profile/text_decode.h"

#include <algorithm>

namespace heapwatch {
namespace {

constexpr std::size_t kHeaderSearchBytes = 256U << 10;

bool IsText(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\x1b';
  });
}

}  // namespace

std::optional<TextHeader> FindTextHeader(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kHeaderSearchBytes);
  for (std::size_t at = 0; at < head.size();) {
    const std::string_view rest = head.substr(at);
    std::optional<TextFormat> format;
    if (rest.starts_with(kGperftoolsMark)) format = TextFormat::kGperftools;
    if (rest.starts_with(kJemallocMark)) format = TextFormat::kJemalloc;
    if (format) {
      if (!IsText(head.substr(0, at))) return std::nullopt;
      return TextHeader{.format = *format, .begin = at};
    }
    const std::size_t end = head.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

Result<HeapProfile> DecodeText(std::string_view bytes, const TextHeader& header,
                               const DecodeLimits& limits) {
  if (header.format == TextFormat::kJemalloc) {
    return DecodeJemallocText(bytes, header.begin, limits);
  }
  return DecodeGperftoolsText(bytes, header.begin, limits);
}

}  // namespace heapwatch
