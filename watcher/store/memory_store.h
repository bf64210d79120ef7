// A Store that keeps whole profiles in memory: the fake for tests, and what `replay` reads from.
// Not bounded.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "watcher/store/store.h"

namespace heapwatch {

class MemoryStore : public Store {
 public:
  Result<void> Append(const Labels& target, Time time, const HeapProfile& profile) override;
  Result<std::vector<StoredTarget>> Targets() const override;
  Result<std::vector<SnapshotInfo>> Snapshots(TargetId target, Time from, Time to) const override;
  Result<HeapProfile> ProfileAt(TargetId target, Time at) const override;
  Result<SiteWindow> Window(TargetId target, Time from, Time to,
                            const SiteAttributor& attributor) const override;
  Result<SomeSeries> Series(TargetId target, Time from, Time to, const SiteAttributor& attributor,
                            const SiteFilter& wanted) const override;
  Result<AgeingReport> Age(const Retention& retention, Time now) override;
  Result<void> PutPin(const Pin& pin) override;
  Result<void> RemovePin(std::string_view id) override;
  Result<std::vector<Pin>> Pins() const override { return pins_.All(); }
  Result<void> PutState(std::string_view name, std::string_view blob) override;
  Result<std::optional<std::string>> GetState(std::string_view name) const override;

 private:
  using Profiles = std::map<Time, std::shared_ptr<const HeapProfile>>;
  struct History {
    Labels labels;
    Profiles profiles;
  };

  // A copy of what lies in [from, to], so that the work on it needs no lock.
  Result<History> Between(TargetId target, Time from, Time to) const;

  mutable std::mutex mutex_;
  std::map<TargetId, History> targets_;
  std::map<std::string, std::string, std::less<>> states_;
  PinBoard pins_;
};

}  // namespace heapwatch
