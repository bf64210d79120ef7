// Which of the known names somebody who wrote another one may have meant. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heapwatch {

// The one that takes the fewest letters to insert, delete or replace: two, or a third of the name,
// at most; the first of several. "retentoin" among {"retention", "rules"} is "retention".
std::optional<std::string_view> NearestName(std::string_view name,
                                            std::span<const std::string> known);

}  // namespace heapwatch
