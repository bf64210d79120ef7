#include "analysis/profile/diff_functions.h"

#include <algorithm>
#include <cmath>

#include "analysis/profile/frame_names.h"

namespace heapwatch {

std::vector<FunctionChange> FunctionChanges(const ProfileDiff& diff, FunctionOrder order) {
  const FrameNames names(diff.profile);
  std::vector<FunctionChange> functions(names.size());
  std::vector<bool> is_used(names.size());
  std::vector<std::size_t> last_stack(names.size(), diff.stacks.size());
  std::vector<NameId> frames;
  for (FunctionChange& function : functions) function.flat.variance = function.cum.variance = 0.0;
  for (std::size_t s = 0; s < diff.stacks.size(); ++s) {
    const StackChange& stack = diff.stacks[s];
    names.Frames(stack.stack, frames);
    if (!frames.empty()) functions[frames.front().index()].flat += stack.change;
    for (const NameId frame : frames) {
      if (last_stack[frame.index()] == s) continue;  // recursion
      last_stack[frame.index()] = s;
      is_used[frame.index()] = true;
      functions[frame.index()].cum += stack.change;
    }
  }
  std::vector<FunctionChange> used;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    if (!is_used[i]) continue;
    used.push_back(std::move(functions[i]));
    used.back().name = names.name(NameId(i));
  }
  const auto size = [](const Change& change) {
    return std::fabs(static_cast<double>(change.change()));
  };
  std::sort(used.begin(), used.end(), [&](const FunctionChange& a, const FunctionChange& b) {
    const bool by_flat = order == FunctionOrder::kFlat;
    const double first_a = size(by_flat ? a.flat : a.cum);
    const double first_b = size(by_flat ? b.flat : b.cum);
    if (first_a != first_b) return first_a > first_b;
    const double second_a = size(by_flat ? a.cum : a.flat);
    const double second_b = size(by_flat ? b.cum : b.flat);
    if (second_a != second_b) return second_a > second_b;
    return a.name < b.name;
  });
  return used;
}

}  // namespace heapwatch
