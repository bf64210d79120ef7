#include "watcher/scrape/scrape_stop.h"

#include <algorithm>

namespace heapwatch {

bool HasAll(const Labels& labels, const Labels& wanted) {
  return std::includes(labels.begin(), labels.end(), wanted.begin(), wanted.end());
}

}  // namespace heapwatch
