// Appends the next profiles to the store in argv[1] for ever, and prints the number of each when
// Append has returned for it.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/watcher/store/kill_profiles.h"

namespace heapwatch {
namespace {

int AppendForEver(const char* path) {
  const auto store = RocksStore::Open(path, KillOptions());
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  const auto targets = (*store)->Targets().value();
  for (std::size_t n = targets.empty() ? 0 : targets[0].snapshots;; ++n) {
    const auto appended = (*store)->Append(kKillTarget, KillTime(n), KillProfile(n));
    if (!appended) {
      std::fprintf(stderr, "%s\n", appended.error().message.c_str());
      return 1;
    }
    const std::string line = std::to_string(n) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return 0;
  }
}

}  // namespace
}  // namespace heapwatch

int main(int argc, char** argv) { return argc == 2 ? heapwatch::AppendForEver(argv[1]) : 2; }
