// A diff as JSON, for programs and for the web page.
//
//   {"sample_type": {"type": "inuse_space", "unit": "bytes"},
//    "before": {"name": "t0.pb.gz", "time": "2026-01-31T12:00:00Z"|null,
//               "sampling_period_bytes": 524288|null, "total": 100},
//    "after": {...},
//    "normalized_by": 0.5|null,
//    "noise": "born-and-died"|"both-levels"|"exact"|"unknown",
//    "notes": ["..."],
//    "total": CHANGE,
//    "common_caller": {"function": "main.serve", "share": 0.94}|null,
//    "sites": [{"id": "0123456789abcdef", "function": "main.f", "file": "main.go", "line": 7,
//               "line_is_relative": true, "stack_count": 2, CHANGE...}],
//    "functions": [{"name": "main.f", "flat": CHANGE, "cum": CHANGE}],
//    "stacks": [{"site": "0123456789abcdef",
//                "frames": [{"function": "main.f", "file": "main.go", "line": 7}, ...], CHANGE...}],
//    "left_out": {"sites": 0, "functions": 0, "stacks": 0}}
//
// The totals of `before` and `after` are those of the profiles; every other value of the side after
// has been multiplied with `normalized_by`, where that is not null.
//
// The common caller is the deepest function in or below which most of what grew was allocated, see
// diff_caller.h. CHANGE is {"before": 100, "after": 160, "change": 60, "standard_error": 12.5|null,
// "within_noise": false}. Lists go from the largest change, up or down, to the smallest; frames
// from the leaf to the root, inlined calls spelt out. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <optional>

#include "analysis/profile/diff.h"

namespace heapwatch {

// `top` bounds each of the three lists.
boost::json::object DiffToJson(const ProfileDiff& diff,
                               std::optional<std::size_t> top = std::nullopt);

// The same without the three lists, what is left out of them and the common caller.
boost::json::object DiffHeadToJson(const ProfileDiff& diff);

// Adds the members of CHANGE to `out`.
void AddChange(const Change& change, boost::json::object& out);

}  // namespace heapwatch
