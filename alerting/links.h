// The addresses an alert leads to: Heapwatch's own pages, files of the evidence, and those that the
// configuration names. Pure.
#pragma once

#include <string>
#include <string_view>

#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "analysis/base/labels.h"

namespace heapwatch {

// `url` with each {{name}} replaced by the label of that name (of `labels`, else of the evidence's
// target), or by from, to, from_ms, to_ms; encoded for use in a query; nothing where there is none.
std::string FillTemplate(std::string_view url, const Labels& labels, const Evidence& evidence);

struct AlertLinks {
  std::string diff_page;
  std::string site_page;
  std::string profile;  // the difference, for `go tool pprof`
  std::string svg;
};

// `target_id` names the evidence's target as the API does.
AlertLinks LinksOf(const Finding& finding, const Evidence& evidence, const std::string& target_id,
                   const std::string& external_url);

// Where the finding's alert can be acknowledged.
std::string AckPage(const Finding& finding, const std::string& external_url);

}  // namespace heapwatch
