#include "watcher/net/file_stamp.h"

#include <sys/stat.h>

namespace heapwatch {

void AddFileStamp(const std::string& path, std::string& out) {
  struct stat info {};
  if (path.empty()) return;
  if (::stat(path.c_str(), &info) != 0) {
    out += path + " is not there\n";
    return;
  }
  for (const auto number :
       {static_cast<long long>(info.st_dev), static_cast<long long>(info.st_ino),
        static_cast<long long>(info.st_size), static_cast<long long>(info.st_mtim.tv_sec),
        static_cast<long long>(info.st_mtim.tv_nsec)})
    out += std::to_string(number) + ' ';
}

}  // namespace heapwatch
