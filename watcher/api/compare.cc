#include "watcher/api/compare.h"

#include "watcher/api/handlers.h"
#include "watcher/api/parameters.h"

namespace heapwatch {
namespace {

Result<HeapComparison> Compare(HeapSnapshot before, HeapSnapshot after, DiffOptions options,
                               const HttpRequest& request, const ReadViews& views) {
  if (const std::string_view type = request.Query("sample_type"); !type.empty())
    options.sample_type = type;
  options.before_name = before.instance();
  options.after_name = after.instance();
  auto diff = DiffProfiles(before.profile, after.profile, *views.attributor(), options);
  if (!diff) return Fail(diff.error());
  return HeapComparison{std::move(before), std::move(after), *std::move(diff)};
}

}  // namespace

Result<HeapSnapshot> ReadSnapshot(StoredTarget target, const HttpRequest& request,
                                  std::string_view time_name, const ReadViews& views) {
  const auto time = TimeParameter(request, time_name, views.Now());
  if (!time) return Fail(time.error());
  auto profile = views.store().ProfileAt(target.id, *time);
  if (!profile) {
    Error error = profile.error().In(time_name);
    if (error.code == ErrorCode::kNotFound)
      error.message += "; its first is of " + FormatRfc3339(target.first);
    return Fail(std::move(error));
  }
  return HeapSnapshot{std::move(target), *std::move(profile)};
}

Result<HeapComparison> CompareSnapshots(const HttpRequest& request, const ReadViews& views) {
  const auto target0 = TargetParameter(request, "target", views);
  if (!target0) return Fail(target0.error());
  const auto target1 =
      request.Query("target1").empty() ? target0 : TargetParameter(request, "target1", views);
  if (!target1) return Fail(target1.error());
  auto before = ReadSnapshot(*target0, request, "t0", views);
  if (!before) return Fail(before.error());
  auto after = ReadSnapshot(*target1, request, "t1", views);
  if (!after) return Fail(after.error());
  const auto normalize = FlagParameter(request, "normalize");
  if (!normalize) return Fail(normalize.error());
  DiffOptions options;
  options.normalize = *normalize;
  return Compare(*std::move(before), *std::move(after), std::move(options), request, views);
}

Result<HeapComparison> FromNothing(const HttpRequest& request, const ReadViews& views) {
  const auto target = TargetParameter(request, "target", views);
  if (!target) return Fail(target.error());
  auto after = ReadSnapshot(*target, request, "t", views);
  if (!after) return Fail(after.error());
  HeapSnapshot before = *after;
  before.profile.samples.clear();
  before.profile.values.clear();
  auto comparison = Compare(std::move(before), *std::move(after), {}, request, views);
  // What there is to say of two sides does not concern one.
  if (comparison) comparison->diff.notes.clear();
  return comparison;
}

}  // namespace heapwatch
