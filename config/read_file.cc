#include "config/read_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "analysis/base/units.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMaxLineBytes = 64U << 10;
constexpr std::size_t kChunkBytes = 1U << 20;

Error Unreadable(const std::string& path) {
  const int reason = errno;
  std::string message = path + ": cannot be read: " + std::strerror(reason);
  if (reason == EACCES) message += "; let the user that Heapwatch runs as read it";
  return {reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable, std::move(message)};
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Fail(ErrorCode::kInvalidArgument, path + ": is a directory; name the file in it");
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(Unreadable(path));
  std::string text;
  while (file) {
    const std::size_t size = text.size();
    text.resize(size + kChunkBytes);
    file.read(text.data() + size, static_cast<std::streamsize>(kChunkBytes));
    text.resize(size + static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes)
      return Fail(ErrorCode::kLimit, path + ": is larger than " +
                                         FormatBytes(static_cast<double>(max_bytes)) +
                                         ": is it the right file?");
  }
  if (file.bad()) return Fail(Unreadable(path));
  return text;
}

Result<std::string> ReadLineOfFile(const std::string& path) {
  auto text = ReadFile(path, kMaxLineBytes);
  if (!text) return text;
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument, path + std::string(what));
  };
  text->erase(text->find_last_not_of(" \t\r\n") + 1);
  text->erase(0, std::min(text->find_first_not_of(" \t\r\n"), text->size()));
  if (text->empty()) return bad(": is empty; it must hold one line");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text->begin(), text->end(), is_control)) return bad(": holds more than one line");
  return text;
}

}  // namespace heapwatch
