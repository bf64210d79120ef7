// The seam to the time of day: whoever needs "now" is handed a Clock. Any thread.
#pragma once

#include "analysis/base/time.h"

namespace heapwatch {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SystemClock : public Clock {
 public:
  Time Now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace heapwatch
