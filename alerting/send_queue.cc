#include "alerting/send_queue.h"

#include <iterator>
#include <utility>

namespace heapwatch {

void SendQueue::Push(std::vector<Alert> alerts) {
  const std::lock_guard lock(mutex_);
  for (Alert& alert : alerts) {
    const auto it = by_labels_.find(alert.labels);
    if (it != by_labels_.end()) {
      *it->second = std::move(alert);
      continue;
    }
    alerts_.push_back(std::move(alert));
    by_labels_.emplace(alerts_.back().labels, std::prev(alerts_.end()));
    if (alerts_.size() > capacity_) DropOldest();
  }
}

void SendQueue::PutBack(std::vector<Alert> batch) {
  const std::lock_guard lock(mutex_);
  const auto front = alerts_.begin();
  for (Alert& alert : batch) {
    if (by_labels_.contains(alert.labels)) continue;
    const auto it = alerts_.insert(front, std::move(alert));
    by_labels_.emplace(it->labels, it);
  }
  while (alerts_.size() > capacity_) DropOldest();
}

std::vector<Alert> SendQueue::Take(std::size_t max) {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> batch;
  while (!alerts_.empty() && batch.size() < max) {
    by_labels_.erase(alerts_.front().labels);
    batch.push_back(std::move(alerts_.front()));
    alerts_.pop_front();
  }
  return batch;
}

std::size_t SendQueue::size() const {
  const std::lock_guard lock(mutex_);
  return alerts_.size();
}

std::vector<Labels> SendQueue::Waiting() const {
  const std::lock_guard lock(mutex_);
  std::vector<Labels> waiting;
  for (const auto& [labels, place] : by_labels_) waiting.push_back(labels);
  return waiting;
}

std::uint64_t SendQueue::dropped_count() const {
  const std::lock_guard lock(mutex_);
  return dropped_count_;
}

void SendQueue::DropOldest() {
  by_labels_.erase(alerts_.front().labels);
  alerts_.pop_front();
  ++dropped_count_;
}

}  // namespace heapwatch
