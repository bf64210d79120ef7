#include "watcher/cli/profile_files.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "config/read_file.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

// More than any profile has when it is packed; a log or an image given by mistake is not read
// whole.
constexpr std::size_t kMaxProfileBytes = 256U << 20;

std::optional<Time> TimeFromName(const fs::path& path) {
  const std::string name = path.filename().string();
  std::int64_t ms = 0;
  const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), ms);
  // Twelve digits: anything shorter is a number, not a date.
  if (error != std::errc() || rest - name.data() < 12) return std::nullopt;
  return FromUnixMillis(ms);
}

Time TimeFromFile(const fs::path& path) {
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  if (error) return Time{};
  return std::chrono::time_point_cast<Duration>(std::chrono::file_clock::to_sys(written));
}

}  // namespace

Result<HeapProfile> ReadProfileFile(const fs::path& path, const DecodeLimits& limits) {
  auto bytes = ReadFile(path.string(), kMaxProfileBytes);
  if (!bytes) return Fail(bytes.error());
  auto profile = DecodeProfile(*bytes, limits);
  if (!profile) return Fail(profile.error().In(path.string()));
  return profile;
}

Result<std::vector<RecordedProfile>> ReadProfileDirectory(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with(".")) {
      paths.push_back(entry.path());
    }
  }
  if (error) return Fail(ErrorCode::kNotFound, directory.string() + ": " + error.message());
  std::vector<RecordedProfile> profiles;
  for (const fs::path& path : paths) {
    auto profile = ReadProfileFile(path);
    if (!profile) return Fail(profile.error());
    const Time time = profile->time.value_or(TimeFromName(path).value_or(TimeFromFile(path)));
    profiles.push_back({time, std::move(*profile)});
  }
  if (profiles.empty()) {
    return Fail(ErrorCode::kNotFound, directory.string() + ": holds no heap profiles");
  }
  std::stable_sort(
      profiles.begin(), profiles.end(),
      [](const RecordedProfile& a, const RecordedProfile& b) { return a.time < b.time; });
  return profiles;
}

}  // namespace heapwatch
