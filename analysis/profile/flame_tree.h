// A diff as a tree of calls: what a differential flame graph draws.
//
// From the root (who called) or from the leaf (who allocated). A node's levels are the sums of all
// stacks through it; `grew` and `shrank` add up, without cancelling, by how much the paths that end
// at or below it grew and shrank, so that grew - shrank is its change and grew + shrank, its
// magnitude, is never less than that of its children together: the width to draw. Pure.
//
//   stacks main;f 10 -> 15, main;g 8 -> 6:   main {18, 21, grew 5, shrank 2}; f {10, 15, 5, 0}; g {8, 6, 0, 2}
//
// A tree too large to show is pruned; whoever wants more of a part asks for it anew with that
// part's node as the root.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/diff.h"

namespace heapwatch {

struct FlameTreeOptions {
  double min_share = 0.001;  // of the root's magnitude; what is smaller is left out, and counted
  std::size_t max_nodes = 5000;  // the largest stay
  std::size_t max_depth = 256;   // frames beyond are taken for the last one within
  bool from_leaf = false;
  std::optional<std::uint64_t> root;             // FlameNode::id of the node to begin with
  std::function<bool(const StackChange&)> keep;  // which stacks count; empty: all
};

struct FlameNode {
  // A hash of the names from the root down to here: the same in every diff of the same direction.
  std::uint64_t id = 0;
  std::string name;
  Change change;
  Change self;  // of the paths that end here
  double grew = 0;
  double shrank = 0;
  std::size_t parent = 0;  // the root is its own
  std::size_t depth = 0;
  double magnitude() const { return grew + shrank; }
};

struct FlameTree {
  // The root first, every parent before its children, of these the largest first. Empty where
  // options.root is not in the diff.
  std::vector<FlameNode> nodes;
  std::vector<FlameNode> above;  // the nodes above options.root, the outermost first
  std::size_t left_out = 0;      // nodes below the root too small to show
};

FlameTree BuildFlameTree(const ProfileDiff& diff, const FlameTreeOptions& options = {});

// One line for each call path of either side, "main;f 10 15" (root first, before, after): the input
// of differential flame graph tools. Names are as in Printable (diff_format.h), their semicolons
// colons.
std::string DiffToFolded(const ProfileDiff& diff);

}  // namespace heapwatch
