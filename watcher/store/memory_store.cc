#include "watcher/store/memory_store.h"

#include "analysis/series/site_window_builder.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

tl::unexpected<Error> NoSuchTarget(TargetId target) {
  return Fail(ErrorCode::kNotFound, "no target " + target.ToString() + " in the store");
}

}  // namespace

Result<void> MemoryStore::Append(const Labels& target, Time time, const HeapProfile& profile) {
  auto kept = std::make_shared<HeapProfile>(profile);
  kept->time = time;
  const std::lock_guard lock(mutex_);
  History& history = targets_[TargetId::Of(target)];
  history.labels = target;
  history.profiles.try_emplace(time, std::move(kept));
  return {};
}

Result<std::vector<StoredTarget>> MemoryStore::Targets() const {
  const std::lock_guard lock(mutex_);
  std::vector<StoredTarget> targets;
  for (const auto& [id, history] : targets_) {
    targets.push_back({id, history.labels, history.profiles.begin()->first,
                       history.profiles.rbegin()->first, history.profiles.size()});
  }
  return targets;
}

Result<MemoryStore::History> MemoryStore::Between(TargetId target, Time from, Time to) const {
  const std::lock_guard lock(mutex_);
  const auto it = targets_.find(target);
  if (it == targets_.end()) return NoSuchTarget(target);
  const Profiles& all = it->second.profiles;
  if (from > to) return History{it->second.labels, {}};
  return History{it->second.labels, Profiles(all.lower_bound(from), all.upper_bound(to))};
}

Result<std::vector<SnapshotInfo>> MemoryStore::Snapshots(TargetId target, Time from,
                                                         Time to) const {
  const auto history = Between(target, from, to);
  if (!history) return Fail(history.error());
  std::vector<SnapshotInfo> snapshots;
  for (const auto& [time, profile] : history->profiles) {
    snapshots.push_back({time, profile->samples.size(), profile->total(Quantity::kInuseSpace),
                         profile->total(Quantity::kAllocSpace)});
  }
  return snapshots;
}

Result<HeapProfile> MemoryStore::ProfileAt(TargetId target, Time at) const {
  const auto history = Between(target, Time::min(), at);
  if (!history) return Fail(history.error());
  if (history->profiles.empty()) {
    return Fail(ErrorCode::kNotFound, "target " + target.ToString() +
                                          " has no snapshot at or before " + FormatRfc3339(at));
  }
  return *history->profiles.rbegin()->second;
}

Result<SiteWindow> MemoryStore::Window(TargetId target, Time from, Time to,
                                       const SiteAttributor& attributor) const {
  const auto history = Between(target, from, to);
  if (!history) return Fail(history.error());
  SiteWindowBuilder builder(attributor);
  for (const auto& [time, profile] : history->profiles) builder.Add(time, *profile);
  SiteWindow window = builder.Build();
  window.version = Get(history->labels, "version");
  return window;
}

Result<SomeSeries> MemoryStore::Series(TargetId target, Time from, Time to,
                                       const SiteAttributor& attributor,
                                       const SiteFilter& wanted) const {
  const auto window = Window(target, from, to, attributor);
  if (!window) return Fail(window.error());
  SomeSeries series;
  for (const Observation& observation : window->observations)
    series.times.push_back(observation.time);
  for (std::size_t s = 0; s < window->sites.size(); ++s) {
    if (!wanted(window->sites[s])) continue;
    SomeSeries::OfSite& of = series.sites.emplace_back();
    of.site = window->sites[s];
    for (const Quantity quantity : kQuantities) {
      const auto q = static_cast<std::size_t>(quantity);
      if (!window->has[q]) continue;
      of.values[q].resize(series.times.size(), 0);
      for (std::size_t row = window->first_row[s]; row < window->first_row[s + 1]; ++row) {
        const auto values = window->series(quantity, row);
        for (std::size_t t = 0; t < values.size(); ++t)
          of.values[q][t] = WrappingSum(of.values[q][t], values[t]);
      }
    }
  }
  return series;
}

Result<AgeingReport> MemoryStore::Age(const Retention& retention, Time now) {
  for (const std::string& id : pins_.ExpiredAt(now)) pins_.Remove(id);
  AgeingReport report;
  const std::lock_guard lock(mutex_);
  for (auto& [id, history] : targets_) {
    std::vector<PinnedSpan> pinned = pins_.SpansOf(id, now);
    for (PinnedSpan& span : pinned) {
      const auto after = history.profiles.upper_bound(span.from);
      if (after != history.profiles.begin()) span.from = std::prev(after)->first;
    }
    report.dropped += std::erase_if(history.profiles, [&](const auto& profile) {
      return profile.first < now - retention.age && !IsPinned(pinned, profile.first, profile.first);
    });
  }
  std::erase_if(targets_, [](const auto& target) { return target.second.profiles.empty(); });
  return report;
}

Result<void> MemoryStore::PutPin(const Pin& pin) {
  if (auto checked = CheckPin(pin); !checked) return checked;
  return pins_.Put(pin);
}

Result<void> MemoryStore::RemovePin(std::string_view id) {
  pins_.Remove(id);
  return {};
}

Result<void> MemoryStore::PutState(std::string_view name, std::string_view blob) {
  const std::lock_guard lock(mutex_);
  states_.insert_or_assign(std::string(name), std::string(blob));
  return {};
}

Result<std::optional<std::string>> MemoryStore::GetState(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto it = states_.find(name);
  if (it == states_.end()) return std::nullopt;
  return it->second;
}

}  // namespace heapwatch
