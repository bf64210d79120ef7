// Finds targets in files, as Prometheus' file_sd_configs: lists of groups in JSON or YAML.
//
// The files are read when they change (directory_watch.h) and looked at every refresh_interval. One
// that is broken keeps the groups it last had and is told; one that is gone takes its groups with
// it. Groups get the label __meta_filepath.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <string>

#include "watcher/discovery/discoverer.h"

namespace heapwatch {

class FileDiscoverer : public Discoverer {
 public:
  // Files are read on `cpu`.
  FileDiscoverer(FileSdConfig config, boost::asio::any_io_executor cpu);

  boost::asio::awaitable<void> Run(std::function<void(DiscoveryReport)> report) override;

 private:
  struct File {
    std::string stamp;
    TargetGroups groups;  // when it was last good
    std::string error;
  };

  DiscoveryReport Look();
  void Read(const std::string& path, const std::string& stamp, File& file) const;

  const FileSdConfig config_;
  const boost::asio::any_io_executor cpu_;
  std::map<std::string, File> files_;  // by path
};

// The files that a pattern of file_sd_configs matches, in order.
std::vector<std::string> MatchingFiles(const std::string& pattern);

}  // namespace heapwatch
