// What the API's answers are made of, as JSON; for sites and verdicts see alerting/verdict_json.h.
#pragma once

#include <boost/json.hpp>

#include "alerting/verdict_json.h"
#include "analysis/base/labels.h"
#include "analysis/profile/site.h"
#include "analysis/trend/verdict.h"
#include "watcher/store/store.h"

namespace heapwatch {

boost::json::object ToJson(const Labels& labels);

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
