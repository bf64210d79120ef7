// How the verdict on a site, as the API tells it, stands in a table: what `top` and `trend` share.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "watcher/cli/table.h"

namespace heapwatch {

Cell VerdictCell(const boost::json::object& verdict);
// "846 MiB/h (740-952)": what it grows, or for churn what it allocates.
Cell RateCell(const boost::json::object& verdict);
Cell LiveCell(const boost::json::object& verdict);
// "50m-2h28m" until the limit; "" where none is known.
Cell LimitCell(const boost::json::object& verdict);
// A label of the target.
Cell LabelCell(const boost::json::object& verdict, const char* name);

// A text member, "" where it is absent.
std::string TextOf(const boost::json::object& object, const char* name);

}  // namespace heapwatch
