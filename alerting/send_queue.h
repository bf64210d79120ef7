// The alerts on their way to one receiver. Bounded: when full, the oldest is dropped and counted,
// since the newest tell most. An alert that waits already is replaced by its newer state, so that a
// receiver that hangs for hours fills the queue with alerts, not with repetitions. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "alerting/notifier.h"
#include "analysis/base/labels.h"

namespace heapwatch {

class SendQueue {
 public:
  explicit SendQueue(std::size_t capacity) : capacity_(capacity) {}

  void Push(std::vector<Alert> alerts);
  // Puts a batch that could not be delivered back in front, but for those alerts that have a newer
  // state waiting.
  void PutBack(std::vector<Alert> batch);
  // Up to `max` alerts, oldest first; they leave the queue.
  std::vector<Alert> Take(std::size_t max);

  std::size_t size() const;
  std::vector<Labels> Waiting() const;  // in no order
  std::uint64_t dropped_count() const;

 private:
  void DropOldest();

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Alert> alerts_;
  std::map<Labels, std::list<Alert>::iterator> by_labels_;
  std::uint64_t dropped_count_ = 0;
};

}  // namespace heapwatch
