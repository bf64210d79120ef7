#include "watcher/store/target_table.h"

#include <algorithm>

namespace heapwatch {

void OpenTarget::SetSummary(const TargetSummary& set) {
  const std::lock_guard lock(summary_mutex);
  summary = set;
}

TargetSummary OpenTarget::SummaryNow() const {
  const std::lock_guard lock(summary_mutex);
  return summary;
}

void TargetTable::Add(TargetId target, TargetRecord record) {
  auto added = std::make_shared<OpenTarget>();
  added->labels = std::move(record.labels);
  added->summary = record.summary;
  const std::unique_lock lock(mutex_);
  targets_.insert_or_assign(target, std::move(added));
}

std::shared_ptr<OpenTarget> TargetTable::Open(const Labels& labels) {
  const TargetId id = TargetId::Of(labels);
  {
    const std::shared_lock lock(mutex_);
    if (const auto it = targets_.find(id); it != targets_.end()) return it->second;
  }
  const std::unique_lock lock(mutex_);
  auto& target = targets_[id];
  if (!target) {
    target = std::make_shared<OpenTarget>();
    target->labels = labels;
  }
  return target;
}

Result<std::shared_ptr<OpenTarget>> TargetTable::Find(TargetId target) const {
  const std::shared_lock lock(mutex_);
  const auto it = targets_.find(target);
  if (it == targets_.end()) {
    return Fail(ErrorCode::kNotFound, "no target " + target.ToString() + " in the store");
  }
  return it->second;
}

std::vector<std::pair<TargetId, std::shared_ptr<OpenTarget>>> TargetTable::All() const {
  const std::shared_lock lock(mutex_);
  return {targets_.begin(), targets_.end()};
}

void TargetTable::Erase(TargetId target) {
  const std::unique_lock lock(mutex_);
  targets_.erase(target);
}

void TargetTable::Clear() {
  const std::unique_lock lock(mutex_);
  targets_.clear();
  writer_bytes_ = 0;
}

void TargetTable::NoteWriter(OpenTarget& target) {
  const std::size_t bytes = target.writer ? target.writer->size_bytes() : 0;
  writer_bytes_ += bytes - target.writer_bytes;
  target.writer_bytes = bytes;
  target.used_at = ++use_count_;
}

void TargetTable::EvictWriters() {
  if (writer_bytes_ <= limit_bytes_) return;
  const std::shared_lock lock(mutex_);
  std::vector<std::pair<std::uint64_t, OpenTarget*>> by_age;
  for (const auto& [id, target] : targets_) {
    const std::unique_lock target_lock(target->mutex, std::try_to_lock);
    if (target_lock && target->writer) by_age.emplace_back(target->used_at, target.get());
  }
  std::sort(by_age.begin(), by_age.end());
  // Down to three quarters, so that not every append has to look again.
  const std::size_t goal = limit_bytes_ / 4 * 3;
  for (const auto& [age, target] : by_age) {
    if (writer_bytes_ <= goal) return;
    const std::unique_lock target_lock(target->mutex, std::try_to_lock);
    if (!target_lock || !target->writer) continue;
    target->writer.reset();
    writer_bytes_ -= target->writer_bytes;
    target->writer_bytes = 0;
  }
}

}  // namespace heapwatch
