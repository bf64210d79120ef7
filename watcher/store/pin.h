// What must stay as it is, whatever retention and ageing say: the evidence of an alert, or what a
// person wants to keep.
//
//   store.PutPin({.id = "alert/" + fingerprint,
//                 .reason = "alert on main.f while it fires and two weeks after",
//                 .spans = {{target, verdict.from, verdict.to}},
//                 .expires = std::nullopt});                      // fires
//   pin.expires = now + two_weeks;  store.PutPin(pin);            // has ended
//
// PinBoard holds the pins in force. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "watcher/store/target_id.h"

namespace heapwatch {

// Every snapshot of the target from `from` to `to`, both included, and the one that
// Store::ProfileAt(from) gives. A single moment has `to` == `from`.
struct PinnedSpan {
  TargetId target;
  Time from;
  Time to;
  bool operator==(const PinnedSpan&) const = default;
};

struct Pin {
  std::string id;      // chosen by whoever pins; putting another pin of this id replaces it
  std::string reason;  // for people
  std::vector<PinnedSpan> spans;
  std::optional<Time> expires;  // from then on it holds nothing; none: until it is removed
  bool operator==(const Pin&) const = default;
};

// There is room for this many, so that nobody's mistake keeps everything for ever.
inline constexpr std::size_t kMaxPins = 10'000;

// kInvalidArgument: no id, no spans, or a span that ends before it begins.
Result<void> CheckPin(const Pin& pin);

std::string EncodePin(const Pin& pin);
Result<Pin> DecodePin(std::string_view bytes);

class PinBoard {
 public:
  // kLimit where there are kMaxPins of other ids.
  Result<void> Put(Pin pin);
  void Remove(std::string_view id);
  std::optional<Pin> Find(std::string_view id) const;

  std::vector<Pin> All() const;  // in the order of their ids
  std::vector<std::string> ExpiredAt(Time now) const;
  std::vector<PinnedSpan> SpansOf(TargetId target, Time now) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Pin, std::less<>> pins_;
};

// Whether one of the spans reaches into [first, last].
bool IsPinned(const std::vector<PinnedSpan>& spans, Time first, Time last);

}  // namespace heapwatch
