// The series of one target as one JSON document: what `heapwatch export` writes, `heapwatch replay`
// reads and a bug report carries.
//
//   {"run": "demo", "group": "demo",
//    "target": {"job": "demo", "instance": "10.0.0.1:6060"},
//    "runtime": "go",
//    "interval_s": 60,
//    "sampling_period_bytes": 524288,
//    "limit_bytes": 1073741824,
//    "versions": [[1750000000, "1.2.3"]],
//    "sites": [{"function": "main.f", "file": "main.go", "line": 7, "line_is_relative": true}],
//    "snapshots": [{"t": 1750000000, "v": [[4096, 8, 65536, 128]]},
//                  {"t": 1750000060, "v": null}]}
//
// `run` names this series; targets of one `group` are replicas of one service. `versions` says from
// when on which version ran. A line is counted from the start of its function where
// `line_is_relative` says so, else from the start of the file. A snapshot has one row per site,
// [inuse_space, inuse_objects, alloc_space, alloc_objects], or null for a scrape that failed. Only
// `sites` and `snapshots` must be there; where the sampling period is not, Go's and V8's default of
// 512 KiB is taken.
//
// Times are Unix seconds, in the order the snapshots were taken; a clock that was set back makes
// them fall. A quantity the target does not tell is null in every row: [1024, 16, null, null].
// Alloc columns that are zero throughout count as absent. A site's block sizes are not kept apart.
// Errors: kCorrupt with the place ("snapshots[17].v[3]: ..."); kWrongFormat where the text is no
// such document; kLimit. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

struct SeriesDocument {
  std::string run;
  std::string group;
  Labels target;
  std::string runtime;
  std::optional<Duration> interval;
  std::vector<std::pair<Time, std::string>> versions;
  SiteWindow window;  // lifetimes and repeats marked
};

Result<SeriesDocument> ReadSeriesJson(std::string_view text);
std::string WriteSeriesJson(const SeriesDocument& document);

}  // namespace heapwatch
