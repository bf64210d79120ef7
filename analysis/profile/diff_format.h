// How the numbers of a diff are written wherever people read them. An inner part of the diff's text
// and pictures. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/profile/diff.h"

namespace heapwatch {

// "4.5 MiB", or "1,234" where the unit is not bytes.
std::string FormatAmount(const SampleType& type, std::int64_t value);
std::string FormatAmount(const SampleType& type, double value);
// "+4.5 MiB".
std::string FormatSigned(const SampleType& type, std::int64_t value);
// "4.5 MiB", or "?" where no standard error is known.
std::string FormatError(const SampleType& type, const Change& change);
// "+4.5 MiB ± 1.2 MiB"; without the second part where no standard error is known.
std::string FormatChange(const SampleType& type, const Change& change);
// "1.0 MiB -> 5.5 MiB".
std::string FormatLevels(const SampleType& type, const Change& change);
// "10m3s": to the second where it is long.
std::string FormatSpan(Duration span);
// " in 10m", or "" where the times are not known or the wrong way round.
std::string FormatElapsed(const ProfileDiff& diff);

// Names come from the profile: a control character in one must not reach a terminal or a picture.
std::string Printable(std::string_view name);

}  // namespace heapwatch
