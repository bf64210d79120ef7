// How the scraping of one target goes: what /api/v1/targets and the heapwatch_target_* gauges tell.
// Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "watcher/scrape/process_metrics.h"
#include "watcher/scrape/scrape_pace.h"
#include "watcher/scrape/scrape_stop.h"

namespace heapwatch {

struct TargetStatus {
  Labels labels;
  std::string url;
  Duration interval{};  // as configured
  Pace pace = {};       // as it is really scraped, and why less often
  bool up = false;
  std::string last_error;  // "" while up; else what went wrong and the way out
  std::optional<Time> last_scrape;
  Duration last_scrape_duration{};
  std::optional<std::size_t> last_body_bytes = std::nullopt;  // of the last profile it served
  std::uint64_t scrapes = 0;
  std::uint64_t failures = 0;
  bool is_pushed = false;                            // by itself, instead of being scraped
  std::optional<ScrapeStop> stopped = std::nullopt;  // what keeps it from being scraped now
  std::optional<std::int64_t> memory_limit_bytes = std::nullopt;  // of the process, where known
  // What its own metrics told last; nothing where they are not asked for, or an error is there.
  std::optional<ProcessMetrics> process = std::nullopt;
  std::optional<double> gc_cpu_share = std::nullopt;  // see GcCpuShare
  std::string metrics_error = {};
  // When discovery lost it: what stands above is from before.
  std::optional<Time> lost = std::nullopt;

  // In one word.
  std::string_view health() const {
    if (lost) return "lost";
    if (stopped) return "stopped";
    if (!last_scrape) return "unknown";
    return up ? "up" : "down";
  }
};

}  // namespace heapwatch
