// What the API's answers are made of, as JSON. Times are RFC 3339; evidence that is absent is left
// out, as is an infinite bound.
#pragma once

#include <boost/json.hpp>

#include "alerting/finding.h"
#include "analysis/base/labels.h"
#include "analysis/profile/site.h"
#include "analysis/trend/verdict.h"
#include "watcher/store/store.h"

namespace heapwatch {

boost::json::object ToJson(const Labels& labels);
boost::json::object ToJson(const Site& site);
// The verdict with its evidence.
boost::json::object ToJson(const Verdict& verdict);
// Adds to_limit_low_seconds and to_limit_high_seconds, the latter where it is finite.
void AddLimit(const Interval& seconds_to_limit, boost::json::object& out);

// The addresses that show what a verdict rests on.
struct VerdictLinks {
  std::string series;
  std::string diff_text;
  std::string diff_svg;
  std::string diff_pprof;
};
VerdictLinks LinksOf(const Labels& target, const Site& site, const Verdict& verdict,
                     const std::string& external_url);

}  // namespace heapwatch
