// That somebody has stopped the scraping of some targets, and why. Plain data.
#pragma once

#include <string>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

struct ScrapeStop {
  Labels of;  // what the stopped targets have among their labels; empty: every target
  std::string by;
  std::string reason;
  Time since;
  bool operator==(const ScrapeStop&) const = default;
};

// Whether `labels` has all of `wanted`.
bool HasAll(const Labels& labels, const Labels& wanted);

}  // namespace heapwatch
