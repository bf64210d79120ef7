// /api/v1/tree: what a flame graph draws, pruned to what can be seen; of two moments or of one.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string>
#include <unordered_map>

#include "analysis/profile/diff_json.h"
#include "analysis/profile/flame_tree.h"
#include "analysis/profile/frame_names.h"
#include "watcher/api/compare.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kDefaultNodes = 3000;
constexpr std::size_t kMostNodes = 20'000;
// Narrower than this share of the picture nothing can be seen, let alone clicked.
constexpr double kLeastShare = 0.0002;
constexpr std::array<std::string_view, 2> kDirections = {"root", "leaf"};

Result<std::optional<std::uint64_t>> NodeParameter(const HttpRequest& request) {
  const std::string_view text = request.Query("node");
  if (text.empty()) return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (code != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kInvalidArgument, "node: \"" + std::string(text) +
                                                 "\" is not the id of a node, as this address "
                                                 "gives them");
  }
  return id;
}

// Upper and lower case are one to whoever looks for a function.
bool Contains(std::string_view text, std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

// The stacks of one site, or through a function whose name contains the text of `filter`.
std::function<bool(const StackChange&)> Keep(const HttpRequest& request, const ProfileDiff& diff,
                                             const FrameNames& names) {
  const std::string site(request.Query("site"));
  const std::string filter(request.Query("filter"));
  if (site.empty() && filter.empty()) return {};
  std::vector<bool> is_wanted(names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    is_wanted[i] = Contains(names.name(NameId(i)), filter);
  return [&diff, &names, site, is_wanted = std::move(is_wanted),
          frames = std::vector<NameId>()](const StackChange& stack) mutable {
    if (!site.empty() && diff.sites[stack.site].site.id_text() != site) return false;
    names.Frames(stack.stack, frames);
    return std::any_of(frames.begin(), frames.end(),
                       [&](NameId frame) { return is_wanted[frame.index()]; });
  };
}

std::string IdText(std::uint64_t id) {
  std::array<char, 16> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), id, 16).ptr;
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

// The nodes column by column, names told once: a third of the size of one object each.
class Columns {
 public:
  void Add(const FlameNode& node) {
    const auto [name, is_new] = ids_.try_emplace(node.name, names_.size());
    if (is_new) names_.push_back(json::value(node.name));
    id_.push_back(json::value(IdText(node.id)));
    name_.push_back(name->second);
    parent_.push_back(node.parent);
    before_.push_back(node.change.before);
    after_.push_back(node.change.after);
    self_before_.push_back(node.self.before);
    self_after_.push_back(node.self.after);
    const auto error = node.change.standard_error();
    error_.push_back(error ? json::value(std::round(*error)) : json::value(nullptr));
    is_noise_.push_back(node.change.within_noise() ? 1 : 0);
    grew_.push_back(node.grew);
    shrank_.push_back(node.shrank);
  }

  json::object Take() && {
    return {{"names", std::move(names_)},
            {"id", std::move(id_)},
            {"name", std::move(name_)},
            {"parent", std::move(parent_)},
            {"before", std::move(before_)},
            {"after", std::move(after_)},
            {"self_before", std::move(self_before_)},
            {"self_after", std::move(self_after_)},
            {"standard_error", std::move(error_)},
            {"within_noise", std::move(is_noise_)},
            {"grew", std::move(grew_)},
            {"shrank", std::move(shrank_)}};
  }

 private:
  std::unordered_map<std::string, std::size_t> ids_;
  json::array names_, id_, name_, parent_, before_, after_, self_before_, self_after_, error_,
      is_noise_, grew_, shrank_;
};

json::object Describe(const FlameTree& tree) {
  Columns nodes;
  for (const FlameNode& node : tree.nodes) nodes.Add(node);
  json::array above;
  for (const FlameNode& node : tree.above) {
    json::object entry = {{"id", IdText(node.id)}, {"name", node.name}};
    AddChange(node.change, entry);
    above.push_back(std::move(entry));
  }
  return {
      {"nodes", std::move(nodes).Take()}, {"above", std::move(above)}, {"left_out", tree.left_out}};
}

}  // namespace

Result<HttpResponse> GetTree(const HttpRequest& request, const ReadViews& views) {
  FlameTreeOptions options;
  const auto most = CountParameterOr(request, "max_nodes", kDefaultNodes, kMostNodes);
  if (!most) return Fail(most.error());
  options.max_nodes = *most;
  options.min_share = kLeastShare;
  const auto direction = ChoiceParameter(request, "from", kDirections);
  if (!direction) return Fail(direction.error());
  options.from_leaf = *direction == "leaf";
  const auto node = NodeParameter(request);
  if (!node) return Fail(node.error());
  options.root = *node;

  const auto compared =
      request.Query("t").empty() ? CompareSnapshots(request, views) : FromNothing(request, views);
  if (!compared) return Fail(compared.error());
  const ProfileDiff& diff = compared->diff;
  const FrameNames names(diff.profile);
  options.keep = Keep(request, diff, names);
  const FlameTree tree = BuildFlameTree(diff, options);
  if (tree.nodes.empty()) {
    return Fail(ErrorCode::kNotFound, "node: there is no " + std::string(request.Query("node")) +
                                          " in this heap, seen from the " +
                                          std::string(*direction));
  }
  json::object data = DiffHeadToJson(diff);
  data["before"].as_object()["target"] = compared->before.target.id.ToString();
  data["before"].as_object()["labels"] = json::value_from(compared->before.target.labels);
  data["after"].as_object()["target"] = compared->after.target.id.ToString();
  data["after"].as_object()["labels"] = json::value_from(compared->after.target.labels);
  data["stacks"] = diff.stacks.size();
  data["tree"] = Describe(tree);
  return JsonReply(std::move(data));
}

}  // namespace heapwatch
