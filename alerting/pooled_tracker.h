// What only all replicas of a service together show has no VerdictTracker (analysis/trend) of its
// own: here its verdict of each evaluation becomes the one that stands.
//
//   - A leak stands once it was reached in three evaluations in a row; until then it is growing.
//   - It stands until the site has not been seen to grow in three evaluations in a row, or until it
//     grows for sure at less than a quarter of the slope that was told. The load of all replicas
//     swings together, so that a leak may look unsteady for a while, however many standard errors
//     it is from nothing.
//
// Plain state, no clock. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "alerting/finding.h"

namespace heapwatch {

class PooledTracker {
 public:
  // Puts the verdicts that stand into the findings of an evaluation.
  void Step(std::vector<Finding>& findings);

 private:
  struct Leak {
    std::uint32_t seen = 0;    // evaluations in a row, until it stands
    std::uint32_t unseen = 0;  // evaluations in a row without growth, while it stands
    double slope_bytes_per_second = 0;
    bool stands() const;
  };
  static void Settle(Leak& leak, Finding& finding);

  std::map<FindingKey, Leak> leaks_;
};

}  // namespace heapwatch
