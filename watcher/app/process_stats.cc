#include "watcher/app/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace heapwatch {
namespace {

// Places in /proc/self/stat, counted from the field after the command's name (man 5 proc, minus 3).
enum StatField : std::size_t {
  kUserTicks = 11,
  kSystemTicks = 12,
  kThreads = 17,
  kStartTicks = 19,
  kVirtualBytes = 20,
  kResidentPages = 21
};

std::string ReadText(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double BootUnixSeconds() {
  std::istringstream stat(ReadText("/proc/stat"));
  for (std::string line; std::getline(stat, line);)
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  return 0;
}

std::int64_t CountOpenFds() {
  std::error_code code;
  std::filesystem::directory_iterator entries("/proc/self/fd", code);
  return code ? 0 : std::distance(begin(entries), end(entries));
}

}  // namespace

std::optional<ProcessStats> ParseProcessStat(std::string_view stat, double boot_unix_seconds,
                                             double ticks_per_second, std::int64_t page_bytes) {
  // The command's name stands in brackets and may hold anything, brackets and spaces too.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream rest{std::string(stat.substr(name_end + 1))};
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  if (fields.size() <= kResidentPages) return std::nullopt;
  ProcessStats stats;
  stats.cpu_seconds =
      (std::stod(fields[kUserTicks]) + std::stod(fields[kSystemTicks])) / ticks_per_second;
  stats.start_time_unix_seconds =
      boot_unix_seconds + std::stod(fields[kStartTicks]) / ticks_per_second;
  stats.threads = std::stoll(fields[kThreads]);
  stats.virtual_bytes = std::stoll(fields[kVirtualBytes]);
  stats.resident_bytes = std::stoll(fields[kResidentPages]) * page_bytes;
  return stats;
}

std::optional<ProcessStats> ReadProcessStats() {
  auto stats =
      ParseProcessStat(ReadText("/proc/self/stat"), BootUnixSeconds(),
                       static_cast<double>(::sysconf(_SC_CLK_TCK)), ::sysconf(_SC_PAGESIZE));
  if (!stats) return std::nullopt;
  stats->open_fds = CountOpenFds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    stats->max_fds = static_cast<std::int64_t>(limit.rlim_cur);
  return stats;
}

}  // namespace heapwatch
