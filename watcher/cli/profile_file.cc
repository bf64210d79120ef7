#include "watcher/cli/profile_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "analysis/profile/decode.h"

namespace heapwatch {
namespace {

// More than any profile has when it is packed; a log or an image given by mistake is not read
// whole.
constexpr std::size_t kMaxFileBytes = 512U << 20;

}  // namespace

Result<HeapProfile> ReadProfileFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Fail(ErrorCode::kInvalidArgument, path + ": is a directory, not a profile");
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, path + ": " + std::strerror(errno));
  std::string bytes;
  constexpr std::size_t kChunkBytes = 1U << 20;
  while (file) {
    const std::size_t size = bytes.size();
    if (size > kMaxFileBytes)
      return Fail(ErrorCode::kLimit, path + ": is over 512 MiB, too large for a heap profile");
    bytes.resize(size + kChunkBytes);
    file.read(bytes.data() + size, static_cast<std::streamsize>(kChunkBytes));
    bytes.resize(size + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  auto profile = DecodeProfile(bytes);
  if (!profile) return Fail(profile.error().In(path));
  return profile;
}

}  // namespace heapwatch
