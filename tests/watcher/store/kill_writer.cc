// Appends the next profiles to the store in argv[1] for ever, and prints the number of each when
// Append has returned for it.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/watcher/store/kill_profiles.h"

int main(int argc, char** argv) {
  using namespace heapwatch;
  if (argc != 2) return 2;
  const auto store = RocksStore::Open(argv[1], KillOptions());
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
