// Finds the target that a request names: by id (16 hex digits), by the value of its label
// `instance`, or by labels as in Prometheus, job="api",instance="10.0.0.1:6060", with or without
// braces. One target must fit: none or several is an error that lists the candidates.
#pragma once

#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "watcher/store/store.h"

namespace heapwatch {

Result<StoredTarget> SelectTarget(std::string_view text, const std::vector<StoredTarget>& targets);

// The labels of `{name="value", ...}`; braces may be left out, and only equality is known.
Result<Labels> ParseSelector(std::string_view text);

}  // namespace heapwatch
