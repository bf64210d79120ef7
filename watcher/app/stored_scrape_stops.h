// What people have stopped the scraping of: kept in the store, changed by the API, asked before
// each scrape. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "watcher/api/scraping.h"
#include "watcher/scrape/scrape_stop.h"
#include "watcher/store/store.h"

namespace heapwatch {

class StoredScrapeStops : public ScrapeStopKeeper {
 public:
  explicit StoredScrapeStops(Store& store) : store_(store) {}

  // What the process before had; before the first scrape. Where that cannot be read, everything is
  // stopped: somebody wanted a target left alone, and nobody knows which. Errors: kCorrupt, those
  // of the store.
  Result<void> Restore(Time now);

  Result<void> Stop(const ScrapeStop& stop) override;
  Result<void> Resume(const Labels& of, const std::string& by, const std::string& reason) override;

  std::vector<ScrapeStop> All() const;
  // What keeps the target from being scraped; nothing where it may be.
  std::optional<ScrapeStop> Of(const Labels& target) const;

 private:
  // Puts `stops` in force once they are in the store.
  Result<void> Keep(std::vector<ScrapeStop> stops);

  Store& store_;
  mutable std::mutex mutex_;
  std::vector<ScrapeStop> stops_;  // guarded by mutex_; in the order they were made
};

}  // namespace heapwatch
