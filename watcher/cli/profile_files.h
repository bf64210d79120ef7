// Reads a directory of recorded heap profiles as one series.
//
// A profile's moment is its time_nanos, else its file name as Unix milliseconds
// ("1795345918892.pb.gz"), else the file's modification time. Errors name the file.
#pragma once

#include <filesystem>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/series/site_window.h"

namespace heapwatch {

Result<SiteWindow> ReadProfileDirectory(const std::filesystem::path& directory,
                                        const SiteAttributor& attributor);

// The whole file; kLimit above `max_bytes`.
Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace heapwatch
