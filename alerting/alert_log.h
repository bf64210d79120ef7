// What became of alerts, for those who look back: every change of state, the latest kMaxChanges of
// them. Plain state, saved after each change. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// One change of one alert.
struct AlertChange {
  Time time;
  // What it is now: "pending", "firing", "muted" (it goes on, and nobody is told), "resolved", or
  // "inactive" where it never fired.
  std::string state;
  Labels labels;
  std::string summary;
  std::string note;  // why; may be empty
  bool operator==(const AlertChange&) const = default;
};

class AlertLog {
 public:
  void Append(std::vector<AlertChange> changes);
  const std::deque<AlertChange>& changes() const { return changes_; }  // oldest first

  // JSON, with its version in it. Restore passes over entries that it cannot read, and gives what
  // they are and why; it fails with kCorrupt and changes nothing where the whole text cannot be
  // read.
  std::string Save() const;
  Result<std::vector<std::string>> Restore(std::string_view text);

  static constexpr std::size_t kMaxChanges = 2000;

 private:
  std::deque<AlertChange> changes_;
};

}  // namespace heapwatch
