// The labels that Heapwatch gives its alerts. Nothing else in an alert may be called so: a name has
// to mean the same in every alert, whether it is on one site or not. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace heapwatch {

inline bool IsOwnAlertLabel(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOwn = {"alertname", "function", "service",
                                                    "severity",  "site",     "version"};
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

}  // namespace heapwatch
