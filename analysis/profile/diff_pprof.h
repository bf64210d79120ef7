// A diff as a profile that `go tool pprof`, Parca and Pyroscope open like any other: profile.proto,
// gzip'd, ids 1..n. It holds every sample type that both sides have, whichever the diff was made
// for. Its comment names the two and their moments.
//
// kSubtracted, the default, is what `go tool pprof -base A B -proto` writes: one sample per stack,
// after minus before; stacks that did not change are left out. Open it and -top or the flame graph
// show what grew, in shares of all that changed. kBothSides is what `-diff_base` writes: the
// samples of `before`, negated and labelled pprof::base=true, beside those of `after`. The sums are
// the same; pprof gives them in shares of the total before, and so leaves out (unless told
// -nodefraction=0) what grew by less than half a percent of it: much of a slow leak. Choose it to
// see one side alone, with -tagfocus=pprof::base or -tagignore=pprof::base.
#pragma once

#include <string>

#include "analysis/profile/diff.h"

namespace heapwatch {

enum class PprofForm { kSubtracted, kBothSides };

std::string DiffToPprof(const ProfileDiff& diff, PprofForm form = PprofForm::kSubtracted);

}  // namespace heapwatch
