#include "analysis/profile/diff_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "analysis/base/utf8.h"
#include "analysis/profile/diff_caller.h"
#include "analysis/profile/diff_functions.h"
#include "analysis/profile/frame_names.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

template <class T>
json::value OrNull(const std::optional<T>& value) {
  if (!value) return nullptr;
  return json::value(*value);
}

json::object ChangeJson(const Change& change) {
  json::object out;
  AddChange(change, out);
  return out;
}

json::object SideJson(const DiffSide& side) {
  json::object out;
  out["name"] = ToUtf8(side.name);
  out["time"] = side.time ? json::value(FormatRfc3339(*side.time)) : json::value(nullptr);
  out["sampling_period_bytes"] = OrNull(side.sampling_period_bytes);
  out["total"] = side.total;
  return out;
}

json::array SitesJson(const ProfileDiff& diff, std::size_t top) {
  json::array out;
  for (std::size_t i = 0; i < std::min(top, diff.sites.size()); ++i) {
    const SiteChange& site = diff.sites[i];
    json::object entry;
    entry["id"] = site.site.id_text();
    entry["function"] = ToUtf8(site.site.function);
    entry["file"] = ToUtf8(site.site.file);
    entry["line"] = site.site.line;
    entry["line_is_relative"] = site.site.line_is_relative;
    entry["stack_count"] = site.stack_count;
    AddChange(site.change, entry);
    out.push_back(std::move(entry));
  }
  return out;
}

json::array FramesJson(const HeapProfile& profile, const FrameNames& names, StackId stack) {
  json::array out;
  std::vector<NameId> frames;
  names.Frames(stack, frames);
  std::size_t next = 0;
  for (const LocationId id : profile.stack(stack)) {
    const Location& location = profile.locations[id.index()];
    const auto add = [&](std::string_view file, std::int64_t line) {
      out.push_back({{"function", ToUtf8(names.name(frames[next++]))},
                     {"file", ToUtf8(file)},
                     {"line", line}});
    };
    const auto lines = profile.lines_of(location);
    if (lines.empty()) add("", 0);
    for (const Line& line : lines) add(profile.functions[line.function.index()].file, line.line);
  }
  return out;
}

json::array StacksJson(const ProfileDiff& diff, std::size_t top) {
  const FrameNames names(diff.profile);
  json::array out;
  for (std::size_t i = 0; i < std::min(top, diff.stacks.size()); ++i) {
    const StackChange& stack = diff.stacks[i];
    json::object entry;
    entry["site"] = diff.sites[stack.site].site.id_text();
    entry["frames"] = FramesJson(diff.profile, names, stack.stack);
    AddChange(stack.change, entry);
    out.push_back(std::move(entry));
  }
  return out;
}

json::array FunctionsJson(const std::vector<FunctionChange>& functions, std::size_t top) {
  json::array out;
  for (std::size_t i = 0; i < std::min(top, functions.size()); ++i)
    out.push_back({{"name", ToUtf8(functions[i].name)},
                   {"flat", ChangeJson(functions[i].flat)},
                   {"cum", ChangeJson(functions[i].cum)}});
  return out;
}

json::value CommonCallerJson(const ProfileDiff& diff) {
  const auto caller = FindCommonCaller(diff);
  if (!caller) return nullptr;
  return {{"function", ToUtf8(caller->function)}, {"share", caller->share}};
}

}  // namespace

void AddChange(const Change& change, json::object& out) {
  out["before"] = change.before;
  out["after"] = change.after;
  out["change"] = change.change();
  out["standard_error"] = OrNull(change.standard_error());
  out["within_noise"] = change.within_noise();
}

json::object DiffHeadToJson(const ProfileDiff& diff) {
  json::object out;
  out["sample_type"] = {{"type", ToUtf8(diff.sample_type.type)},
                        {"unit", ToUtf8(diff.sample_type.unit)}};
  out["before"] = SideJson(diff.before);
  out["after"] = SideJson(diff.after);
  out["normalized_by"] = OrNull(diff.normalized_by);
  out["noise"] = ToString(diff.noise);
  json::array& notes = out["notes"].emplace_array();
  for (const std::string& note : diff.notes) notes.push_back(json::string(ToUtf8(note)));
  out["total"] = ChangeJson(diff.total);
  return out;
}

json::object DiffToJson(const ProfileDiff& diff, std::optional<std::size_t> top) {
  const std::size_t limit = top.value_or(static_cast<std::size_t>(-1));
  const auto left_out = [&](std::size_t count) { return count - std::min(limit, count); };
  const auto functions = FunctionChanges(diff, FunctionOrder::kFlat);
  json::object out = DiffHeadToJson(diff);
  out["common_caller"] = CommonCallerJson(diff);
  out["sites"] = SitesJson(diff, limit);
  out["functions"] = FunctionsJson(functions, limit);
  out["stacks"] = StacksJson(diff, limit);
  out["left_out"] = {{"sites", left_out(diff.sites.size())},
                     {"functions", left_out(functions.size())},
                     {"stacks", left_out(diff.stacks.size())}};
  return out;
}

}  // namespace heapwatch
