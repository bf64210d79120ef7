// Reads heap profiles of any format for the sub-commands. Errors name the file.
#pragma once

#include <filesystem>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

Result<HeapProfile> ReadProfileFile(const std::filesystem::path& path,
                                    const DecodeLimits& limits = {});

struct RecordedProfile {
  Time time;
  HeapProfile profile;
};

// A directory of recorded heap profiles, in the order of their moments. A profile's moment is its
// time_nanos, else its file name as Unix milliseconds ("1795345918892.pb.gz"), else the file's
// modification time.
Result<std::vector<RecordedProfile>> ReadProfileDirectory(const std::filesystem::path& directory);

}  // namespace heapwatch
