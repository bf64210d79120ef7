// The targets that push: takes their profiles under limits, keeps their status, and forgets who has
// not pushed for a while; what was stored stays.
//
// Limits: pushes under way in all and of one address, targets in all, a second between two pushes
// of one target, times that are neither long ago nor to come nor before the last. A profile whose
// alloc values are differences is kept without them: absent, not zero. What is scraped cannot be
// pushed as well. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"
#include "config/targets.h"
#include "watcher/net/clock.h"
#include "watcher/push/push_request.h"
#include "watcher/scrape/target_status.h"

namespace heapwatch {

struct PushLimits {
  std::size_t body_bytes = 16U << 20;
  std::size_t inflated_bytes = 64U << 20;
  std::size_t under_way = 8;
  std::size_t under_way_of_peer = 2;
  std::size_t targets = 2000;
  Duration between_pushes = std::chrono::seconds(1);
  Duration most_late = std::chrono::hours(1);
  Duration most_early = std::chrono::minutes(1);
  Duration forget_after = std::chrono::minutes(5);  // or three intervals, where that is longer
};

// Why a push is not kept.
struct PushError : Error {
  // A limit of rate or number was reached: the same may be pushed again later.
  bool is_to_come_again = false;
};

class PushedTargets {
 public:
  // Keeps a profile; durable when it returns.
  using Sink = std::function<Result<void>(const Labels&, Time, const HeapProfile&)>;
  using IsScraped = std::function<bool(const Labels&)>;

  PushedTargets(const Clock& clock, Sink sink, IsScraped is_scraped, PushLimits limits = {});

  const PushLimits& limits() const { return limits_; }
  // A place among the pushes under way, given back when it is let go; null where there is none.
  std::shared_ptr<void> Enter(const std::string& peer);

  // kWrongFormat where the bytes are no heap profile, kLimit where a limit was reached, be it of
  // rate, of number or of the decoder, else as ParsePush, the decoder and the sink.
  tl::expected<void, PushError> Push(const PushRequest& push, const std::string& peer);

  std::vector<TargetStatus> Statuses() const;
  std::vector<Target> Targets() const;
  // Those that push no more; who pushes anew is a target again.
  void Forget();

 private:
  struct Pushed {
    TargetStatus status;
    std::optional<Time> last_kept;  // of its newest profile
    Time last_heard;
    bool is_busy = false;  // one of its profiles is being kept
  };
  struct Places;
  Result<Time> Begin(const PushRequest& push, const std::string& peer);
  Result<void> Keep(const PushRequest& push, Time time) const;
  void End(const Labels& labels, Time time, std::size_t bytes, const Result<void>& kept);
  void ForgetUntil(Time now);

  const Clock& clock_;
  const Sink sink_;
  const IsScraped is_scraped_;
  const PushLimits limits_;
  const std::shared_ptr<Places> places_;
  mutable std::mutex mutex_;
  std::map<Labels, Pushed> pushed_;  // guarded by mutex_
};

}  // namespace heapwatch
