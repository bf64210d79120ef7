#include "analysis/trend/verdict_rank.h"

namespace heapwatch {

int RankOf(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kInsufficientData:
      return 0;
    case VerdictKind::kStable:
      return 1;
    case VerdictKind::kPlateau:
      return 2;
    case VerdictKind::kChurn:
      return 3;
    case VerdictKind::kGrowing:
      return 4;
    case VerdictKind::kLeak:
      return 5;
  }
  return 0;
}

}  // namespace heapwatch
