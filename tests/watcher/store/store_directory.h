// A directory for one test's store, gone afterwards.
#pragma once

#include <filesystem>
#include <string>

namespace heapwatch {

class StoreDirectory {
 public:
  StoreDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "heapwatch-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~StoreDirectory() { std::filesystem::remove_all(path_); }
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace heapwatch
