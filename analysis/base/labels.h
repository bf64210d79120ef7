// A set of label names and values, ordered by name: how targets, alerts and gauges are named, as in
// Prometheus.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace heapwatch {

using Labels = std::map<std::string, std::string, std::less<>>;

// The value of `name`, or "" where the label is absent (Prometheus makes no difference between the
// two).
std::string_view Get(const Labels& labels, std::string_view name);

// `{instance="10.0.0.1:6060", job="api"}` with quotes, backslashes and line ends escaped.
std::string ToString(const Labels& labels);

}  // namespace heapwatch
