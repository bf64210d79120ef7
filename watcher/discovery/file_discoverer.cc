#include "watcher/discovery/file_discoverer.h"

#include <glob.h>

#include <boost/asio/this_coro.hpp>
#include <filesystem>
#include <utility>

#include "config/load_discovery.h"
#include "watcher/discovery/directory_watch.h"
#include "watcher/net/file_stamp.h"
#include "watcher/net/run_on.h"

namespace heapwatch {

namespace asio = boost::asio;

std::vector<std::string> MatchingFiles(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  // Hidden files match as well: as in Prometheus.
  if (::glob(pattern.c_str(), GLOB_PERIOD, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

FileDiscoverer::FileDiscoverer(FileSdConfig config, asio::any_io_executor cpu)
    : config_(std::move(config)), cpu_(std::move(cpu)) {}

asio::awaitable<void> FileDiscoverer::Run(std::function<void(DiscoveryReport)> report) {
  DirectoryWatch watch(co_await asio::this_coro::executor);
  for (;;) {
    // Before the look, so that what changes after it is noticed.
    for (const std::string& pattern : config_.files)
      watch.Add(std::filesystem::path(pattern).parent_path());
    report(co_await RunOn(cpu_, [this] { return Look(); }));
    co_await watch.Wait(config_.refresh_interval);
  }
}

DiscoveryReport FileDiscoverer::Look() {
  std::map<std::string, File> now;
  DiscoveryReport report{TargetGroups(), ""};
  const auto tell = [&](const std::string& error) {
    report.error += (report.error.empty() || error.empty() ? "" : "\n") + error;
  };
  for (const std::string& pattern : config_.files) {
    const auto paths = MatchingFiles(pattern);
    const bool is_plain = pattern.find_first_of("*?[") == std::string::npos;
    if (paths.empty() && is_plain) tell(pattern + ": there is no such file");
    for (const std::string& path : paths) {
      if (now.contains(path)) continue;
      File& file = now.emplace(path, std::move(files_[path])).first->second;
      std::string stamp;
      AddFileStamp(path, stamp);
      if (file.stamp != stamp) Read(path, stamp, file);
      report.groups->insert(report.groups->end(), file.groups.begin(), file.groups.end());
      tell(file.error);
    }
  }
  files_ = std::move(now);
  return report;
}

void FileDiscoverer::Read(const std::string& path, const std::string& stamp, File& file) const {
  auto groups = LoadTargetGroups(path);
  file.stamp = stamp;
  file.error = groups ? "" : groups.error().message;
  if (!groups) return;
  for (StaticConfig& group : *groups) group.labels["__meta_filepath"] = path;
  file.groups = *std::move(groups);
}

}  // namespace heapwatch
