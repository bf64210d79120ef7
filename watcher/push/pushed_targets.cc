#include "watcher/push/pushed_targets.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "analysis/base/attempt.h"
#include "analysis/profile/decode.h"

namespace heapwatch {

struct PushedTargets::Places {
  std::mutex mutex;
  std::size_t taken = 0;
  std::map<std::string, std::size_t> by_peer;
};

namespace {

// The profile with the columns of what lives alone.
HeapProfile WithoutAlloc(const HeapProfile& profile) {
  HeapProfile out = profile;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < profile.sample_types.size(); ++i)
    if (!profile.sample_types[i].type.starts_with("alloc_")) kept.push_back(i);
  out.sample_types.clear();
  out.default_sample_type.reset();
  for (const std::size_t i : kept) out.sample_types.push_back(profile.sample_types[i]);
  out.values.clear();
  for (std::size_t sample = 0; sample < profile.samples.size(); ++sample)
    for (const std::size_t i : kept) out.values.push_back(profile.values_of(sample)[i]);
  return out;
}

}  // namespace

PushedTargets::PushedTargets(const Clock& clock, Sink sink, IsScraped is_scraped, PushLimits limits)
    : clock_(clock),
      sink_(std::move(sink)),
      is_scraped_(std::move(is_scraped)),
      limits_(limits),
      places_(std::make_shared<Places>()) {}

std::shared_ptr<void> PushedTargets::Enter(const std::string& peer) {
  const std::scoped_lock lock(places_->mutex);
  if (places_->taken >= limits_.under_way || places_->by_peer[peer] >= limits_.under_way_of_peer)
    return nullptr;
  ++places_->taken;
  ++places_->by_peer[peer];
  return {places_.get(), [places = places_, peer](void*) {
            const std::scoped_lock leave(places->mutex);
            --places->taken;
            if (--places->by_peer[peer] == 0) places->by_peer.erase(peer);
          }};
}

tl::expected<void, PushError> PushedTargets::Push(const PushRequest& push,
                                                  const std::string& peer) {
  const auto time = Begin(push, peer);
  if (!time) return tl::unexpected(PushError{time.error(), time.error().code == ErrorCode::kLimit});
  const Result<void> kept = Attempt([&] { return Keep(push, *time); });
  End(push.labels, *time, push.profile.size(), kept);
  if (kept) return {};
  return tl::unexpected(PushError{kept.error()});
}

Result<void> PushedTargets::Keep(const PushRequest& push, Time time) const {
  DecodeLimits limits;
  limits.inflated_bytes = limits_.inflated_bytes;
  auto profile = DecodeProfile(push.profile, limits);
  if (!profile) {
    // Profiling is switched off in the sender: sending the same again does not help.
    if (profile.error().code == ErrorCode::kUnavailable)
      profile.error().code = ErrorCode::kInvalidArgument;
    return Fail(profile.error());
  }
  auto kept = sink_(push.labels, time, push.alloc_is_delta ? WithoutAlloc(*profile) : *profile);
  // The store's limits are not the sender's.
  if (!kept && kept.error().code == ErrorCode::kLimit) kept.error().code = ErrorCode::kUnavailable;
  return kept;
}

Result<Time> PushedTargets::Begin(const PushRequest& push, const std::string& peer) {
  const Time now = clock_.Now();
  const Time time = push.time.value_or(now);
  if (time < now - limits_.most_late || time > now + limits_.most_early)
    return Fail(ErrorCode::kInvalidArgument, "the time " + FormatRfc3339(time) + " is more than " +
                                                 FormatDuration(limits_.most_late) +
                                                 " ago or lies ahead; it is now " +
                                                 FormatRfc3339(now));
  if (is_scraped_(push.labels))
    return Fail(ErrorCode::kInvalidArgument,
                ToString(push.labels) + " is scraped: push under another label");
  const std::scoped_lock lock(mutex_);
  ForgetUntil(now);
  auto known = pushed_.find(push.labels);
  if (known == pushed_.end()) {
    if (pushed_.size() >= limits_.targets)
      return Fail(ErrorCode::kLimit, "no more targets may push, there are " +
                                         std::to_string(limits_.targets) + " already");
    known = pushed_.emplace(push.labels, Pushed{}).first;
    known->second.status.labels = push.labels;
    known->second.status.is_pushed = true;
    known->second.status.interval = std::chrono::minutes(1);
  }
  Pushed& pushed = known->second;
  if (pushed.is_busy)
    return Fail(ErrorCode::kLimit, "the push before this one is still being kept");
  if (pushed.last_kept && time < *pushed.last_kept + limits_.between_pushes)
    return Fail(ErrorCode::kLimit, "pushed at " + FormatRfc3339(*pushed.last_kept) +
                                       " before: leave at least " +
                                       FormatDuration(limits_.between_pushes) + " between two");
  pushed.is_busy = true;
  pushed.last_heard = now;
  pushed.status.url = "pushed by " + peer;
  return time;
}

void PushedTargets::End(const Labels& labels, Time time, std::size_t bytes,
                        const Result<void>& kept) {
  const std::scoped_lock lock(mutex_);
  const auto known = pushed_.find(labels);
  Pushed& pushed = known->second;
  pushed.is_busy = false;
  // Who never brought a heap profile is no target: an agent sends other profiles the same way.
  if (!kept && !pushed.last_kept) {
    pushed_.erase(known);
    return;
  }
  TargetStatus& status = pushed.status;
  if (!kept && kept.error().code == ErrorCode::kWrongFormat) return;
  if (!status.up && kept) spdlog::info("target {} is {}", ToString(labels), status.url);
  status.up = kept.has_value();
  status.last_error = kept ? "" : kept.error().message;
  status.last_scrape = time;
  ++status.scrapes;
  if (!kept) {
    ++status.failures;
    return;
  }
  status.last_body_bytes = bytes;
  if (pushed.last_kept) status.interval = time - *pushed.last_kept;
  pushed.last_kept = time;
}

void PushedTargets::ForgetUntil(Time now) {
  // What lies ahead, as the clock was set back, counts as now.
  for (auto& [labels, pushed] : pushed_) {
    pushed.last_heard = std::min(pushed.last_heard, now);
    if (pushed.last_kept > now + limits_.most_early) pushed.last_kept = now;
  }
  std::erase_if(pushed_, [&](const auto& entry) {
    const Pushed& pushed = entry.second;
    const Duration grace = std::max(limits_.forget_after, 3 * pushed.status.interval);
    const bool is_gone = !pushed.is_busy && now - pushed.last_heard > grace;
    if (is_gone) spdlog::info("target {} pushes no more", ToString(entry.first));
    return is_gone;
  });
}

void PushedTargets::Forget() {
  const std::scoped_lock lock(mutex_);
  ForgetUntil(clock_.Now());
}

std::vector<TargetStatus> PushedTargets::Statuses() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TargetStatus> statuses;
  for (const auto& [labels, pushed] : pushed_)
    if (pushed.last_kept) statuses.push_back(pushed.status);
  return statuses;
}

std::vector<Target> PushedTargets::Targets() const {
  std::vector<Target> targets;
  for (const TargetStatus& status : Statuses()) {
    Target& target = targets.emplace_back();
    target.labels = status.labels;
    target.url = status.url;
    target.interval = status.interval;
    target.timeout = status.interval;
    target.body_size_limit_bytes = limits_.body_bytes;
  }
  return targets;
}

}  // namespace heapwatch
