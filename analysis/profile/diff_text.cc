#include "analysis/profile/diff_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "analysis/base/units.h"
#include "analysis/base/utf8.h"
#include "analysis/profile/diff_caller.h"
#include "analysis/profile/diff_format.h"
#include "analysis/profile/diff_functions.h"
#include "analysis/profile/frame_names.h"
#include "analysis/profile/site_names.h"

namespace heapwatch {
namespace {

// What percentages are of: the total before; where that is nothing, the total after.
struct Denominator {
  double value;
  std::string_view name;
};

Denominator DenominatorOf(const ProfileDiff& diff) {
  if (diff.total.before > 0) return {static_cast<double>(diff.total.before), "before"};
  return {static_cast<double>(diff.total.after), "after"};
}

std::string Percent(double part, double whole) {
  if (whole <= 0) return "-";
  const double percent = 100.0 * part / whole;
  std::array<char, 48> text{};
  // What rounds to nothing has no sign.
  const bool is_zero = std::fabs(percent) < 0.05;
  std::snprintf(text.data(), text.size(), is_zero ? "0.0%%" : "%+.1f%%", percent);
  return text.data();
}

// Characters as a terminal counts them: UTF-8 continuation bytes do not.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

// Rows of cells, right-aligned but for the last, which follows two spaces on.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { Add("", std::move(header)); }

  void Add(std::string mark, std::vector<std::string> cells) {
    rows_.push_back({std::move(mark), std::move(cells)});
  }

  std::string Render() const {
    std::vector<std::size_t> widths(rows_.front().cells.size() - 1);
    for (const Row& row : rows_)
      for (std::size_t i = 0; i < widths.size(); ++i)
        widths[i] = std::max(widths[i], Width(row.cells[i]));
    std::string out;
    for (const Row& row : rows_) {
      out += row.mark.empty() ? " " : row.mark;
      for (std::size_t i = 0; i < widths.size(); ++i)
        out += std::string(widths[i] - Width(row.cells[i]) + (i == 0 ? 1 : 2), ' ') + row.cells[i];
      out += "  " + row.cells.back() + "\n";
    }
    return out;
  }

 private:
  struct Row {
    std::string mark;
    std::vector<std::string> cells;
  };
  std::vector<Row> rows_;
};

std::string Mark(const Change& change) { return change.within_noise() ? "~" : ""; }

void AppendSide(std::string_view role, const DiffSide& side, const SampleType& type,
                std::string& out) {
  out += std::string(role) + Printable(side.name);
  if (side.time) out += "  " + FormatRfc3339(*side.time);
  out += "  total " + FormatAmount(type, side.total) + "\n";
}

// "94% of what grew was allocated in main.(*Shop).login or below it", or "".
std::string CommonCallerText(const ProfileDiff& diff, const std::set<ContentHash>& of = {}) {
  const auto caller = FindCommonCaller(diff, of);
  if (!caller) return "";
  std::array<char, 16> share{};
  std::snprintf(share.data(), share.size(), "%.0f%%", 100 * caller->share);
  return std::string(share.data()) + " of what grew was allocated in " +
         Printable(caller->function) + " or below it";
}

std::string Header(const ProfileDiff& diff) {
  const SampleType& type = diff.sample_type;
  std::string out;
  AppendSide("before  ", diff.before, type, out);
  AppendSide("after   ", diff.after, type, out);
  if (diff.normalized_by) {
    std::array<char, 64> scale{};
    std::snprintf(scale.data(), scale.size(), "%.4g", *diff.normalized_by);
    out += "        normalized: after times " + std::string(scale.data()) +
           ", so that both totals are equal\n";
  }
  const Denominator of = DenominatorOf(diff);
  out += "change  " + type.type + " " + FormatChange(type, diff.total) + FormatElapsed(diff) +
         " (" + Percent(static_cast<double>(diff.total.change()), of.value) + " of the total " +
         std::string(of.name) + ")\n";
  if (const std::string caller = CommonCallerText(diff); !caller.empty())
    out += "caller  " + caller + "\n";
  for (const std::string& note : diff.notes) out += "note    " + Printable(note) + "\n";
  return out + "\n";
}

struct Shown {
  std::size_t rows;
  std::size_t changed;
  std::size_t all;
  std::string_view things;
};

// What stands below the table: what it leaves out, and how to read it.
std::string Legend(const ProfileDiff& diff, const Shown& shown) {
  std::string out = "\n";
  const std::string things(shown.things);
  const std::size_t unchanged = shown.all - shown.changed;
  if (shown.rows < shown.changed)
    out += std::to_string(shown.changed - shown.rows) + " more " + things + " that changed" +
           (unchanged > 0 ? " and " + std::to_string(unchanged) + " that did not" : "") +
           " are left out.\n";
  else if (unchanged > 0)
    out += std::to_string(unchanged) + " of " + std::to_string(shown.all) + " " + things +
           " did not change.\n";
  if (diff.noise == NoiseModel::kExact)
    out += "Every allocation was recorded: there is no sampling error.\n";
  if (diff.noise == NoiseModel::kBornAndDied || diff.noise == NoiseModel::kBothLevels) {
    out += "± is one standard error of sampling";
    if (diff.before.sampling_period_bytes == diff.after.sampling_period_bytes)
      out += " (one sample per " +
             FormatBytes(static_cast<double>(*diff.after.sampling_period_bytes)) + ")";
    out += "; ~ marks a change below two of them: within noise.\n";
  }
  return out;
}

std::vector<std::string> ChangeCells(const ProfileDiff& diff, const Change& change) {
  const SampleType& type = diff.sample_type;
  return {FormatSigned(type, change.change()), FormatError(type, change),
          Percent(static_cast<double>(change.change()), DenominatorOf(diff).value),
          FormatAmount(type, change.before), FormatAmount(type, change.after)};
}

std::vector<std::string> ChangeHeader(const ProfileDiff& diff, std::string_view thing) {
  return {"change", "±",     "of " + std::string(DenominatorOf(diff).name),
          "before", "after", std::string(thing)};
}

// Those that did not change stand last.
template <class Rows>
std::size_t CountChanged(const Rows& rows) {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const auto& row) { return row.change.change() != 0; }));
}

std::string BySite(const ProfileDiff& diff, std::size_t top) {
  Table table(ChangeHeader(diff, "site"));
  const std::size_t changed = CountChanged(diff.sites);
  const std::size_t shown = std::min(top, changed);
  for (std::size_t i = 0; i < shown; ++i) {
    auto cells = ChangeCells(diff, diff.sites[i].change);
    cells.push_back(Printable(diff.sites[i].site.ToString()));
    table.Add(Mark(diff.sites[i].change), std::move(cells));
  }
  return table.Render() + Legend(diff, {shown, changed, diff.sites.size(), "sites"});
}

std::string ByFunction(const ProfileDiff& diff, FunctionOrder order, std::size_t top) {
  const std::string of(DenominatorOf(diff).name);
  const auto functions = FunctionChanges(diff, order);
  const auto changed = static_cast<std::size_t>(
      std::count_if(functions.begin(), functions.end(), [](const FunctionChange& function) {
        return function.flat.change() != 0 || function.cum.change() != 0;
      }));
  const std::size_t shown = std::min(top, changed);
  Table table(
      {"flat", "±", "of " + of, "cum", "±", "of " + of, "cum before", "cum after", "function"});
  for (std::size_t i = 0; i < shown; ++i) {
    const FunctionChange& function = functions[i];
    auto cells = ChangeCells(diff, function.flat);
    cells.resize(3);
    const auto cum = ChangeCells(diff, function.cum);
    cells.insert(cells.end(), cum.begin(), cum.end());
    cells.push_back(Printable(function.name));
    table.Add(Mark(order == FunctionOrder::kFlat ? function.flat : function.cum), std::move(cells));
  }
  return table.Render() + Legend(diff, {shown, changed, functions.size(), "functions"});
}

std::string ByStack(const ProfileDiff& diff, std::size_t top) {
  const FrameNames names(diff.profile);
  std::vector<NameId> frames;
  Table table(ChangeHeader(diff, "stack, leaf first"));
  const std::size_t changed = CountChanged(diff.stacks);
  const std::size_t shown = std::min(top, changed);
  for (std::size_t i = 0; i < shown; ++i) {
    const StackChange& stack = diff.stacks[i];
    auto cells = ChangeCells(diff, stack.change);
    names.Frames(stack.stack, frames);
    cells.push_back(frames.empty() ? "(no frames)" : Printable(names.name(frames.front())));
    const std::size_t width = cells.size();
    table.Add(Mark(stack.change), std::move(cells));
    for (std::size_t f = 1; f < frames.size(); ++f) {
      std::vector<std::string> more(width);
      more.back() = Printable(names.name(frames[f]));
      table.Add("", std::move(more));
    }
  }
  return table.Render() + Legend(diff, {shown, changed, diff.stacks.size(), "stacks"});
}

constexpr std::size_t kCallersNamed = 4;

// "\n  called by main.(*Shop).handleLogin ← net/http.HandlerFunc.ServeHTTP": of the stack that
// changed most at the site. "" where nobody is known to call it.
std::string Callers(const ProfileDiff& diff, const FrameNames& names, const SiteChange& site) {
  const auto stack =
      std::find_if(diff.stacks.begin(), diff.stacks.end(),
                   [&](const StackChange& s) { return diff.sites[s.site].site == site.site; });
  if (stack == diff.stacks.end()) return "";
  std::vector<NameId> frames;
  names.Frames(stack->stack, frames);
  // Sites have names that builds do not decorate.
  const auto is_site = [&](NameId frame) {
    return ToUtf8(NormalizeFunctionName(names.name(frame))) == site.site.function;
  };
  auto caller = std::find_if(frames.begin(), frames.end(), is_site);
  caller = std::find_if_not(caller, frames.end(), is_site);
  std::string text;
  for (std::size_t i = 0; caller != frames.end() && i <= kCallersNamed; ++i, ++caller)
    text += (i == 0 ? "" : " ← ") + (i < kCallersNamed ? Printable(names.name(*caller)) : "…");
  if (text.empty()) return "";
  return (site.stack_count > 1 ? "\n  called most by " : "\n  called by ") + text;
}

}  // namespace

std::string RenderDiffText(const ProfileDiff& diff, const DiffTextOptions& options) {
  const std::size_t top = options.top.value_or(static_cast<std::size_t>(-1));
  std::string header = Header(diff);
  switch (options.by) {
    case DiffBy::kSite:
      return header + BySite(diff, top);
    case DiffBy::kFunction:
      return header + ByFunction(diff, FunctionOrder::kFlat, top);
    case DiffBy::kCum:
      return header + ByFunction(diff, FunctionOrder::kCum, top);
    case DiffBy::kStack:
      return header + ByStack(diff, top);
  }
  return header;
}

std::string RenderTopSites(const ProfileDiff& diff, std::size_t n,
                           const std::set<ContentHash>& first) {
  const SampleType& type = diff.sample_type;
  std::string out = type.type + " " + FormatLevels(type, diff.total) + FormatElapsed(diff) + ": " +
                    FormatChange(type, diff.total);
  if (const std::string caller = CommonCallerText(diff, first); !caller.empty())
    out += "\n" + caller;
  std::vector<SiteChange> sites = diff.sites;
  const auto is_told = [&](const SiteChange& site) { return first.contains(site.site.id()); };
  std::stable_partition(sites.begin(), sites.end(), is_told);
  const FrameNames names(diff.profile);
  Change rest{0, 0, 0.0};
  std::size_t rest_count = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const SiteChange& site = sites[i];
    if (i >= n) {
      rest += site.change;
      if (site.change.change() != 0) ++rest_count;
      continue;
    }
    if (site.change.change() == 0) continue;
    out += "\n" + FormatChange(type, site.change) + "  " + Printable(site.site.ToString()) + " (" +
           FormatLevels(type, site.change) + (site.change.within_noise() ? ", within noise)" : ")");
    if (is_told(site)) out += Callers(diff, names, site);
  }
  if (rest_count > 0)
    out += "\nand " + std::to_string(rest_count) +
           (rest_count == 1 ? " more site: " : " more sites: ") + FormatChange(type, rest);
  return out;
}

}  // namespace heapwatch
