// The seam to whoever receives alerts. Delivery itself, with its queue, retries and time-outs, is
// watcher/notify's.
#pragma once

#include <string>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// An alert as receivers see it. Labels are its identity and hold no readings; numbers and times
// stand in annotations.
struct Alert {
  Labels labels;
  Labels annotations;
  Time starts_at;
  Time ends_at;  // in the future while it fires; in the past once resolved
  std::string generator_url;
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Takes the alerts over and returns at once; a full queue drops its oldest and counts the loss.
  // Any thread.
  virtual void Send(std::vector<Alert> alerts) = 0;
};

}  // namespace heapwatch
