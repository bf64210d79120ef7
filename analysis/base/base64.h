// Bytes as text of RFC 4648's alphabet, padded, without line breaks. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heapwatch {

std::string EncodeBase64(std::string_view bytes);

// nullopt for what is not such text.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace heapwatch
