#include "analysis/trend/verdict.h"

namespace heapwatch {

std::string_view ToString(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kInsufficientData:
      return "insufficient-data";
    case VerdictKind::kStable:
      return "stable";
    case VerdictKind::kPlateau:
      return "plateau";
    case VerdictKind::kGrowing:
      return "growing";
    case VerdictKind::kLeak:
      return "leak";
    case VerdictKind::kChurn:
      return "churn";
  }
  return "unknown";
}

std::optional<VerdictKind> VerdictKindFromString(std::string_view name) {
  for (const VerdictKind kind : kVerdictKinds) {
    if (ToString(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace heapwatch
