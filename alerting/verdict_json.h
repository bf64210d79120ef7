// A site and the verdict on it as JSON: the same wherever it is told, by the API and to webhooks.
//
// Times are RFC 3339, figures in the unit their name ends in. Evidence that is absent is left out,
// as is a bound that is infinite. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "analysis/profile/site.h"
#include "analysis/trend/verdict.h"

namespace heapwatch {

boost::json::object ToJson(const Site& site);
// The verdict with its evidence.
boost::json::object ToJson(const Verdict& verdict);
// Adds to_limit_low_seconds and to_limit_high_seconds.
void AddLimit(const Interval& seconds_to_limit, boost::json::object& out);

// Nothing where it is absent or infinite.
void PutFigure(boost::json::object& out, std::string_view name, const std::optional<double>& value);

}  // namespace heapwatch
