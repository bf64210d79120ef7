#include "watcher/store/thinning.h"

namespace heapwatch {

std::vector<bool> ChooseKept(std::span<const SnapshotInfo> snapshots, Duration every) {
  std::vector<bool> kept(snapshots.size(), false);
  const auto stretch_of = [&](std::size_t i) {
    return std::chrono::floor<Duration>(snapshots[i].time.time_since_epoch()).count() /
           every.count();
  };
  std::size_t begin = 0;
  while (begin < snapshots.size()) {
    std::size_t least = begin;
    std::size_t most = begin;
    std::size_t end = begin + 1;
    for (; end < snapshots.size() && stretch_of(end) == stretch_of(begin); ++end) {
      if (snapshots[end].alloc_bytes < snapshots[end - 1].alloc_bytes) break;
      if (snapshots[end].inuse_bytes < snapshots[least].inuse_bytes) least = end;
      if (snapshots[end].inuse_bytes > snapshots[most].inuse_bytes) most = end;
    }
    kept[begin] = kept[end - 1] = kept[least] = kept[most] = true;
    begin = end;
  }
  return kept;
}

}  // namespace heapwatch
