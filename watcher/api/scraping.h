// The kill switch: stops scraping at once, and takes it up again.
//
//   POST /api/v1/admin/scraping  {"action": "stop", "job": "api", "target": "10.0.0.1:6060",
//                                 "by": "ann", "reason": "INC-7, profiling suspected"}
//   GET /api/v1/admin/scraping   what is stopped
//
// `target` is an instance or an id; without job and target everything is meant. "resume" lifts the
// stops of that and of what lies within it: of a job also those of its targets. A scrape under way
// is finished. Pushed profiles are still taken. Who has logged in need not say `by`.
#pragma once

#include <string>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "watcher/api/read_views.h"
#include "watcher/net/http.h"
#include "watcher/scrape/scrape_stop.h"

namespace heapwatch {

// The seam to whoever keeps the stops: durable and in force when they return. Any thread.
class ScrapeStopKeeper {
 public:
  virtual ~ScrapeStopKeeper() = default;
  // Replaces the stop of the same labels. Errors: kLimit, those of the store.
  virtual Result<void> Stop(const ScrapeStop& stop) = 0;
  // Lifts the stops whose labels include `of`. Errors: kNotFound where there is none, those of the
  // store.
  virtual Result<void> Resume(const Labels& of, const std::string& by,
                              const std::string& reason) = 0;
};

bool IsScrapingRequest(const HttpRequest& request);  // the POST
HttpResponse HandleScraping(const HttpRequest& request, const ReadViews& views, bool is_enabled,
                            ScrapeStopKeeper& keeper);

}  // namespace heapwatch
