// What others do, re-implemented to be measured on the same series: each tells at a moment whether
// a site leaks, from what was known by then. Restarts are not looked across; none of them is given
// more than that.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace heapwatch {

// One site of one life, up to now: seconds, inuse bytes, and what the process has.
struct BaselineInput {
  std::span<const double> seconds;
  std::span<const double> inuse;
  double process_bytes = 0;
  double limit_bytes = 0;  // 0: unknown
};

struct Baseline {
  std::string name;
  std::function<bool(const BaselineInput&)> leaks;
};

std::vector<Baseline> Baselines();

}  // namespace heapwatch
