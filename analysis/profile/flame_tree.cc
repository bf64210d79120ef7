#include "analysis/profile/flame_tree.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "analysis/base/utf8.h"
#include "analysis/profile/diff_json.h"
#include "analysis/profile/frame_names.h"

namespace heapwatch {
namespace {

// The whole tree, before anything is left out. Parents stand before their children.
struct RawNode {
  NameId name;
  std::size_t parent;
  std::size_t depth;
  Change self;   // of the paths that end here
  Change total;  // and of those that go on
  double grew = 0;
  double shrank = 0;
};

class RawTree {
 public:
  RawTree(const ProfileDiff& diff, const FrameNames& names, std::size_t max_depth, bool from_leaf) {
    nodes_.push_back({NameId(), 0, 0, {0, 0, 0.0}, {}});
    std::vector<NameId> frames;
    for (const StackChange& stack : diff.stacks) {
      names.Frames(stack.stack, frames);
      if (!from_leaf) std::reverse(frames.begin(), frames.end());
      if (frames.size() > max_depth) frames.resize(max_depth);
      std::size_t at = 0;
      for (const NameId frame : frames) at = Child(at, frame);
      nodes_[at].self += stack.change;
    }
    SumUp();
  }

  std::vector<RawNode> Take() && { return std::move(nodes_); }

 private:
  std::size_t Child(std::size_t parent, NameId name) {
    const auto [it, is_new] = children_.try_emplace({parent, name}, nodes_.size());
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
  std::map<std::pair<std::size_t, NameId>, std::size_t> children_;
};

// The magnitude that a node must exceed to be shown.
double Threshold(const std::vector<RawNode>& nodes, const FlameTreeOptions& options) {
  const double whole = nodes.front().grew + nodes.front().shrank;
  // Just below the share, so that a node of exactly that share is shown.
  double threshold = std::nextafter(whole * options.min_share, 0.0);
  if (nodes.size() <= options.max_nodes) return threshold;
  std::vector<double> magnitudes;
  magnitudes.reserve(nodes.size());
  for (const RawNode& node : nodes) magnitudes.push_back(node.grew + node.shrank);
  const auto nth = magnitudes.begin() + static_cast<std::ptrdiff_t>(options.max_nodes);
  std::nth_element(magnitudes.begin(), nth, magnitudes.end(), std::greater<>());
  return std::max(threshold, *nth);
}

}  // namespace

FlameTree BuildFlameTree(const ProfileDiff& diff, const FlameTreeOptions& options) {
  const FrameNames names(diff.profile);
  const std::vector<RawNode> raw =
      RawTree(diff, names, options.max_depth, options.from_leaf).Take();
  const double threshold = Threshold(raw, options);
  std::vector<std::vector<std::size_t>> children(raw.size());
  FlameTree tree;
  for (std::size_t i = 1; i < raw.size(); ++i) {
    if (raw[i].grew + raw[i].shrank > threshold)
      children[raw[i].parent].push_back(i);
    else
      ++tree.left_out;
  }
  for (auto& siblings : children)
    std::sort(siblings.begin(), siblings.end(), [&](std::size_t a, std::size_t b) {
      const double size_a = raw[a].grew + raw[a].shrank;
      const double size_b = raw[b].grew + raw[b].shrank;
      return size_a != size_b ? size_a > size_b : names.name(raw[a].name) < names.name(raw[b].name);
    });
  std::vector<std::pair<std::size_t, std::size_t>> open = {{0, 0}};  // raw node, shown parent
  while (!open.empty()) {
    const auto [from, parent] = open.back();
    open.pop_back();
    const RawNode& node = raw[from];
    const std::size_t index = tree.nodes.size();
    tree.nodes.push_back({from == 0 ? "root" : std::string(names.name(node.name)), node.total,
                          node.grew, node.shrank, parent, node.depth});
    for (auto child = children[from].rbegin(); child != children[from].rend(); ++child)
      open.emplace_back(*child, index);
  }
  return tree;
}

boost::json::object FlameTreeToJson(const FlameTree& tree) {
  std::vector<boost::json::object> made(tree.nodes.size());
  std::vector<boost::json::array> children(tree.nodes.size());
  for (std::size_t i = tree.nodes.size(); i-- > 0;) {
    const FlameNode& node = tree.nodes[i];
    boost::json::object& out = made[i];
    out["name"] = ToUtf8(node.name);
    AddChange(node.change, out);
    out["grew"] = node.grew;
    out["shrank"] = node.shrank;
    std::reverse(children[i].begin(), children[i].end());
    out["children"] = std::move(children[i]);
    if (i > 0) children[node.parent].push_back(std::move(out));
  }
  return std::move(made.front());
}

std::string DiffToFolded(const ProfileDiff& diff) {
  const FrameNames names(diff.profile);
  std::map<std::string, Change> paths;
  std::vector<NameId> frames;
  for (const StackChange& stack : diff.stacks) {
    names.Frames(stack.stack, frames);
    std::string path;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      if (!path.empty()) path += ';';
      for (const char c : names.name(*frame))
        path += c == ';' ? ':' : (c == '\n' || c == '\r') ? ' ' : c;
    }
    paths[path] += stack.change;
  }
  std::string out;
  for (const auto& [path, change] : paths)
    out += path + ' ' + std::to_string(change.before) + ' ' + std::to_string(change.after) + '\n';
  return out;
}

}  // namespace heapwatch
