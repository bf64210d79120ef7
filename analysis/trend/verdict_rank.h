// Which of two verdicts is the worse: the one order in which all lists and sums put them.
#pragma once

#include "analysis/trend/verdict.h"

namespace heapwatch {

// Higher is worse: a leak ends the process, what still grows may, churn only costs. Pure.
int RankOf(VerdictKind kind);

}  // namespace heapwatch
