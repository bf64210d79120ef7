#include "analysis/profile/flame_tree.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "analysis/profile/diff_format.h"
#include "analysis/profile/frame_names.h"

namespace heapwatch {
namespace {

constexpr std::uint64_t kRootId = 1;

// The whole tree, before anything is left out. Parents stand before their children.
struct RawNode {
  NameId name;
  std::size_t parent;
  std::size_t depth;
  Change self;   // of the paths that end here
  Change total;  // and of those that go on
  double grew = 0;
  double shrank = 0;
  std::uint64_t id = kRootId;
  double magnitude() const { return grew + shrank; }
};

class RawTree {
 public:
  RawTree(const ProfileDiff& diff, const FrameNames& names, const FlameTreeOptions& options) {
    nodes_.push_back({NameId(), 0, 0, {0, 0, 0.0}, {}});
    std::vector<NameId> frames;
    for (const StackChange& stack : diff.stacks) {
      if (options.keep && !options.keep(stack)) continue;
      names.Frames(stack.stack, frames);
      if (!options.from_leaf) std::reverse(frames.begin(), frames.end());
      if (frames.size() > options.max_depth) frames.resize(options.max_depth);
      std::size_t at = 0;
      for (const NameId frame : frames) at = Child(at, frame);
      nodes_[at].self += stack.change;
    }
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      const std::string_view name = names.name(nodes_[i].name);
      nodes_[i].id = XXH3_64bits_withSeed(name.data(), name.size(), nodes_[nodes_[i].parent].id);
    }
    SumUp();
  }

  std::vector<RawNode> Take() && { return std::move(nodes_); }

 private:
  std::size_t Child(std::size_t parent, NameId name) {
    const std::uint64_t key = (std::uint64_t{parent} << 32U) | name.value();
    const auto [it, is_new] = children_.try_emplace(key, nodes_.size());
    if (is_new) nodes_.push_back({name, parent, nodes_[parent].depth + 1, {0, 0, 0.0}, {}});
    return it->second;
  }

  void SumUp() {
    for (RawNode& node : nodes_) {
      node.total = node.self;
      const auto change = static_cast<double>(node.self.change());
      (change > 0 ? node.grew : node.shrank) = std::fabs(change);
    }
    for (std::size_t i = nodes_.size(); i-- > 1;) {
      RawNode& parent = nodes_[nodes_[i].parent];
      parent.total += nodes_[i].total;
      parent.grew += nodes_[i].grew;
      parent.shrank += nodes_[i].shrank;
    }
  }

  std::vector<RawNode> nodes_;
  boost::unordered_flat_map<std::uint64_t, std::size_t> children_;  // by parent and name
};

// The nodes at and below `root`, which must be one of them, in their order.
std::vector<std::size_t> Subtree(const std::vector<RawNode>& nodes, std::size_t root) {
  std::vector<bool> is_within(nodes.size());
  std::vector<std::size_t> within;
  for (std::size_t i = root; i < nodes.size(); ++i) {
    is_within[i] = i == root || (i > 0 && is_within[nodes[i].parent]);
    if (is_within[i]) within.push_back(i);
  }
  return within;
}

// The magnitude that a node must exceed to be shown.
double Threshold(const std::vector<RawNode>& nodes, const std::vector<std::size_t>& within,
                 const FlameTreeOptions& options) {
  const double whole = nodes[within.front()].magnitude();
  // Just below the share, so that a node of exactly that share is shown.
  const double threshold = std::nextafter(whole * options.min_share, 0.0);
  if (within.size() <= options.max_nodes) return threshold;
  std::vector<double> magnitudes;
  magnitudes.reserve(within.size());
  for (const std::size_t i : within) magnitudes.push_back(nodes[i].magnitude());
  const auto nth = magnitudes.begin() + static_cast<std::ptrdiff_t>(options.max_nodes);
  std::nth_element(magnitudes.begin(), nth, magnitudes.end(), std::greater<>());
  return std::max(threshold, *nth);
}

std::optional<std::size_t> FindRoot(const std::vector<RawNode>& nodes,
                                    const FlameTreeOptions& options) {
  if (!options.root) return 0;
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const RawNode& n) { return n.id == *options.root; });
  if (found == nodes.end()) return std::nullopt;
  return static_cast<std::size_t>(found - nodes.begin());
}

}  // namespace

FlameTree BuildFlameTree(const ProfileDiff& diff, const FlameTreeOptions& options) {
  const FrameNames names(diff.profile);
  const std::vector<RawNode> raw = RawTree(diff, names, options).Take();
  FlameTree tree;
  const std::optional<std::size_t> root = FindRoot(raw, options);
  if (!root) return tree;
  const auto show = [&](std::size_t from, std::size_t parent, std::size_t top) {
    const RawNode& node = raw[from];
    return FlameNode{.id = node.id,
                     .name = from == 0 ? "root" : std::string(names.name(node.name)),
                     .change = node.total,
                     .self = node.self,
                     .grew = node.grew,
                     .shrank = node.shrank,
                     .parent = parent,
                     .depth = node.depth - top};
  };
  for (std::size_t i = *root; i > 0; i = raw[i].parent)
    tree.above.insert(tree.above.begin(), show(raw[i].parent, 0, 0));

  const std::vector<std::size_t> within = Subtree(raw, *root);
  const double threshold = Threshold(raw, within, options);
  std::vector<std::vector<std::size_t>> children(raw.size());
  for (const std::size_t i : within) {
    if (i == *root) continue;
    if (raw[i].magnitude() > threshold)
      children[raw[i].parent].push_back(i);
    else
      ++tree.left_out;
  }
  for (auto& siblings : children)
    std::sort(siblings.begin(), siblings.end(), [&](std::size_t a, std::size_t b) {
      const double size_a = raw[a].magnitude();
      const double size_b = raw[b].magnitude();
      return size_a != size_b ? size_a > size_b : names.name(raw[a].name) < names.name(raw[b].name);
    });
  std::vector<std::pair<std::size_t, std::size_t>> open = {{*root, 0}};  // raw node, shown parent
  while (!open.empty()) {
    const auto [from, parent] = open.back();
    open.pop_back();
    const std::size_t index = tree.nodes.size();
    tree.nodes.push_back(show(from, parent, raw[*root].depth));
    std::for_each(children[from].rbegin(), children[from].rend(),
                  [&](std::size_t child) { open.emplace_back(child, index); });
  }
  return tree;
}

std::string DiffToFolded(const ProfileDiff& diff) {
  const FrameNames names(diff.profile);
  std::map<std::string, Change> paths;
  std::vector<NameId> frames;
  for (const StackChange& stack : diff.stacks) {
    names.Frames(stack.stack, frames);
    std::reverse(frames.begin(), frames.end());
    std::string path;
    for (const NameId frame : frames) {
      if (!path.empty()) path += ';';
      for (const char c : Printable(names.name(frame))) path += c == ';' ? ':' : c;
    }
    paths[path] += stack.change;
  }
  std::string out;
  for (const auto& [path, change] : paths)
    out += path + ' ' + std::to_string(change.before) + ' ' + std::to_string(change.after) + '\n';
  return out;
}

}  // namespace heapwatch
