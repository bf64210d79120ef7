// What changed between two heap profiles, of one process or of different builds: per stack and per
// site, with the standard error that follows from the sampling rate.
//
// Stacks are matched by content (functions, files, lines), sites by their identity, so ASLR and
// rebuilds do not matter. Pure; a ProfileDiff is plain data that owns all it shows. Errors:
// kInvalidArgument, when the sample type is missing on a side, or cannot be normalised; the message
// lists what there is.
//
// Example, R = 512 KiB, one process: main.f holds 1 MiB in 1 MiB blocks before and 5 MiB after,
// alloc_space grew from 1 to 5 MiB:
//   sites {{main.f, before 1 MiB, after 5 MiB, change +4 MiB ± 0.7 MiB}}; total likewise.
// A 1 MiB block is sampled with p = 1 - exp(-2) = .865: 5 MiB stand for 4 sampled blocks, 1 MiB for
// 1, so 3 were born and none died: V = (1 MiB / p)^2 (1 - p) 3 = (0.7 MiB)^2. Had alloc been
// missing, both levels would count, 1 + 4 blocks: ± 1 MiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/attribution.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/site.h"

namespace heapwatch {

struct DiffOptions {
  // By name, whatever its column; one of the four quantities also matches its other names ("space"
  // for "inuse_space").
  std::string sample_type = "inuse_space";
  // Scales `after` to the total of `before`, each sample type by its own factor, as `go tool pprof
  // -normalize` does: shows what takes a larger share of the heap, whatever the heap's size.
  bool normalize = false;
  std::string before_name = "before";  // how messages call the two sides
  std::string after_name = "after";
};

// A change smaller than this many standard errors is marked as within noise.
inline constexpr double kNoiseStandardErrors = 2.0;

// One number on both sides, in the unit of the sample type.
struct Change {
  std::int64_t before = 0;
  std::int64_t after = 0;  // scaled, where the diff is normalised
  std::optional<double>
      variance;  // of `after - before`; absent where the profiles do not tell enough

  std::int64_t change() const;
  std::optional<double> standard_error() const;
  bool within_noise() const;  // false where no standard error is known
  Change& operator+=(const Change& other);
};

// How the standard errors were made (DETECTION.md names the formulas; see diff_noise.h).
enum class NoiseModel {
  kBornAndDied,  // one process: only blocks born and dead between the two moments are uncertain
  kBothLevels,   // no common history is known: the errors of both levels add up, which overstates
                 // the noise
  kExact,        // every allocation was recorded
  kUnknown,      // no sampling period, or too little else
};
std::string_view ToString(NoiseModel model);  // "born-and-died"

struct StackChange {
  StackId stack;     // of ProfileDiff::profile
  std::size_t site;  // of ProfileDiff::sites
  Change change;
};

struct SiteChange {
  Site site;
  Change change;
  std::size_t stack_count = 0;
};

struct DiffSide {
  std::string name;
  std::optional<Time> time;
  std::optional<std::int64_t> sampling_period_bytes;
  std::int64_t total = 0;  // before any normalisation
};

struct ProfileDiff {
  SampleType sample_type;
  std::optional<double> normalized_by;  // what the values of `after` were multiplied with
  DiffSide before;
  DiffSide after;
  NoiseModel noise = NoiseModel::kUnknown;
  Change total;
  std::vector<SiteChange> sites;    // the largest change, up or down, first
  std::vector<StackChange> stacks;  // likewise
  std::vector<std::string> notes;   // what a reader must know to read the numbers right; sentences

  // Functions, locations and stacks of both sides, and the sample types both have. Its samples are
  // those of either side; its values are left empty in favour of these two, each samples x
  // sample_types, `after` scaled where normalised.
  HeapProfile profile;
  std::vector<std::int64_t> before_values;
  std::vector<std::int64_t> after_values;
  std::size_t column = 0;  // of `sample_type` in them
};

Result<ProfileDiff> DiffProfiles(const HeapProfile& before, const HeapProfile& after,
                                 const SiteAttributor& attributor, const DiffOptions& options = {});

}  // namespace heapwatch
