// The seam to whoever receives alerts. Delivery itself, with its queue, retries and time-outs, is
// watcher/notify's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

// The two heaps that show what an alert says.
struct Evidence {
  Labels target;
  Time from;
  Time to;
  std::string sample_type;
  bool operator==(const Evidence&) const = default;
};

// An alert as receivers see it. Labels are its identity and hold no readings; numbers and times
// stand in annotations.
struct Alert {
  Labels labels;
  Labels annotations;
  Time starts_at;
  Time ends_at;  // in the future while it fires; in the past once resolved
  std::string generator_url;
  bool is_resolved = false;
  // Whether this is the first time that it is sent as firing, or as resolved: who wants each
  // message once takes these alone.
  bool is_news = false;
  std::optional<Evidence> evidence;
  std::string finding_json;  // the whole finding, as JSON; may be empty
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Takes the alerts over and returns at once; a full queue drops its oldest and counts the loss.
  // Any thread.
  virtual void Send(std::vector<Alert> alerts) = 0;
};

}  // namespace heapwatch
