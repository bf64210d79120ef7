#include "analysis/base/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace heapwatch {
namespace {

const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* BytesOf(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  // OpenSSL ends with a zero byte.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(BytesOf(out), BytesOf(bytes), static_cast<int>(bytes.size()));
  out.pop_back();
  return out;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  // What OpenSSL passes over, in front and behind.
  if (text.find_first_of(" \t\r\n-") != std::string_view::npos) return std::nullopt;
  // It takes padding anywhere, too, and counts what that stands for.
  const std::string_view padding = text.substr(std::min(text.find('='), text.size()));
  if (padding != "" && padding != "=" && padding != "==") return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(BytesOf(out), BytesOf(text), static_cast<int>(text.size()));
  if (text.size() % 4 != 0 || size < 0) return std::nullopt;
  out.resize(out.size() - padding.size());
  return out;
}

}  // namespace heapwatch
