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

struct Side {
  StoredTarget target;
  HeapProfile profile;

  std::string instance() const { return std::string(Get(target.labels, "instance")); }
  std::string taken() const { return profile.time ? FormatRfc3339(*profile.time) : ""; }
};

Result<Side> ReadSide(StoredTarget target, const HttpRequest& request, std::string_view time_name,
                      const ReadViews& views) {
  const auto time = TimeParameter(request, time_name, views.Now());
  if (!time) return Fail(time.error());
  auto profile = views.store().ProfileAt(target.id, *time);
  if (!profile) return Fail(profile.error().In(time_name));
  return Side{std::move(target), *std::move(profile)};
}

Result<ProfileDiff> Compare(const Side& before, const Side& after, const HttpRequest& request,
                            const ReadViews& views) {
  const auto normalize = FlagParameter(request, "normalize");
  if (!normalize) return Fail(normalize.error());
  DiffOptions options;
  options.normalize = *normalize;
  if (const std::string_view type = request.Query("sample_type"); !type.empty())
    options.sample_type = type;
  options.before_name = before.instance();
  options.after_name = after.instance();
  return DiffProfiles(before.profile, after.profile, *views.attributor(), options);
}

HttpResponse Plain(std::string content_type, std::string body) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

Result<HttpResponse> RenderText(const ProfileDiff& diff, const HttpRequest& request) {
  const auto by = ChoiceParameter(request, "by", kBy);
  if (!by) return Fail(by.error());
  const auto top = CountParameterOr(request, "top", kTextLines, kMostEntries);
  if (!top) return Fail(top.error());
  DiffTextOptions options;
  options.by = static_cast<DiffBy>(std::find(kBy.begin(), kBy.end(), *by) - kBy.begin());
  options.top = *top;
  return Plain("text/plain; charset=utf-8", RenderDiffText(diff, options));
}

Result<HttpResponse> Render(const ProfileDiff& diff, std::string_view format,
                            const HttpRequest& request, const Side& before, const Side& after) {
  if (format == "pprof") {
    return FileReply(
        "application/octet-stream",
        "diff-" + after.instance() + "-" + before.taken() + "-" + after.taken() + ".pb.gz",
        DiffToPprof(diff));
  }
  if (format == "text") return RenderText(diff, request);
  if (format == "folded") return Plain("text/plain; charset=utf-8", DiffToFolded(diff));
  if (format == "svg") return Plain("image/svg+xml", DiffToSvg(diff));
  const auto top = CountParameterOr(request, "top", kJsonEntries, kMostEntries);
  if (!top) return Fail(top.error());
  return JsonReply(DiffToJson(diff, *top));
}

}  // namespace

Result<HttpResponse> GetDiff(const HttpRequest& request, const ReadViews& views) {
  const auto format = ChoiceParameter(request, "format", kFormats);
  if (!format) return Fail(format.error());
  const auto target0 = TargetParameter(request, "target", views);
  if (!target0) return Fail(target0.error());
  const auto target1 =
      request.Query("target1").empty() ? target0 : TargetParameter(request, "target1", views);
  if (!target1) return Fail(target1.error());
  const auto before = ReadSide(*target0, request, "t0", views);
  if (!before) return Fail(before.error());
  const auto after = ReadSide(*target1, request, "t1", views);
  if (!after) return Fail(after.error());
  const auto diff = Compare(*before, *after, request, views);
  if (!diff) return Fail(diff.error());
  return Render(*diff, *format, request, *before, *after);
}

}  // namespace heapwatch
