// /api/v1/diff: what changed between two moments of a target, or between two targets.
#include "analysis/profile/diff.h"

#include <algorithm>
#include <array>
#include <string>

#include "analysis/profile/diff_json.h"
#include "analysis/profile/diff_pprof.h"
#include "analysis/profile/diff_text.h"
#include "analysis/profile/flame_svg.h"
#include "analysis/profile/flame_tree.h"
#include "watcher/api/compare.h"
#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"
#include "watcher/api/reply.h"

namespace heapwatch {
namespace {

constexpr std::array<std::string_view, 5> kFormats = {"json", "text", "pprof", "folded", "svg"};
constexpr std::array<std::string_view, 4> kBy = {"site", "function", "cum", "stack"};
constexpr std::size_t kTextLines = 20;
constexpr std::size_t kJsonEntries = 1000;  // of each list
constexpr std::size_t kMostEntries = 100'000;

Result<HttpResponse> RenderText(const ProfileDiff& diff, const HttpRequest& request) {
  const auto by = ChoiceParameter(request, "by", kBy);
  if (!by) return Fail(by.error());
  const auto top = CountParameterOr(request, "top", kTextLines, kMostEntries);
  if (!top) return Fail(top.error());
  DiffTextOptions options;
  options.by = static_cast<DiffBy>(std::find(kBy.begin(), kBy.end(), *by) - kBy.begin());
  options.top = *top;
  return TextResponse(200, RenderDiffText(diff, options));
}

// Of the target and its two moments, or of two targets with theirs.
std::string FileName(const HeapComparison& compared) {
  const HeapSnapshot& before = compared.before;
  const HeapSnapshot& after = compared.after;
  std::string name = "diff-" + before.instance() + "-" + before.taken() + "-";
  if (before.target.id != after.target.id) name += after.instance() + "-";
  return name + after.taken() + ".pb.gz";
}

Result<HttpResponse> Render(const HeapComparison& compared, std::string_view format,
                            const HttpRequest& request) {
  const ProfileDiff& diff = compared.diff;
  if (format == "pprof") {
    return FileReply("application/octet-stream", FileName(compared), DiffToPprof(diff));
  }
  if (format == "text") return RenderText(diff, request);
  if (format == "folded") return TextResponse(200, DiffToFolded(diff));
  if (format == "svg") {
    HttpResponse response = TextResponse(200, DiffToSvg(diff));
    response.content_type = "image/svg+xml";
    return response;
  }
  const auto top = CountParameterOr(request, "top", kJsonEntries, kMostEntries);
  if (!top) return Fail(top.error());
  return JsonReply(DiffToJson(diff, *top));
}

}  // namespace

Result<HttpResponse> GetDiff(const HttpRequest& request, const ReadViews& views) {
  const auto format = ChoiceParameter(request, "format", kFormats);
  if (!format) return Fail(format.error());
  const auto compared = CompareSnapshots(request, views);
  if (!compared) return Fail(compared.error());
  return Render(*compared, *format, request);
}

}  // namespace heapwatch
