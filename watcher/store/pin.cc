#include "watcher/store/pin.h"

#include <algorithm>
#include <utility>

#include "analysis/series/byte_io.h"

namespace heapwatch {
namespace {

constexpr std::uint8_t kFormat = 1;

bool IsInForce(const Pin& pin, Time now) { return !pin.expires || now < *pin.expires; }

}  // namespace

Result<void> CheckPin(const Pin& pin) {
  if (pin.id.empty()) return Fail(ErrorCode::kInvalidArgument, "a pin needs an id");
  if (pin.spans.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the pin \"" + pin.id + "\" names nothing to keep");
  }
  for (const PinnedSpan& span : pin.spans) {
    if (span.from <= span.to) continue;
    return Fail(ErrorCode::kInvalidArgument, "the pin \"" + pin.id + "\" begins at " +
                                                 FormatRfc3339(span.from) +
                                                 " and ends before, at " + FormatRfc3339(span.to));
  }
  return {};
}

std::string EncodePin(const Pin& pin) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Byte(kFormat);
  out.Text(pin.id);
  out.Text(pin.reason);
  out.Varint(pin.expires ? 1 : 0);
  if (pin.expires) out.Zigzag(ToUnixMillis(*pin.expires));
  out.Varint(pin.spans.size());
  for (const PinnedSpan& span : pin.spans) {
    out.Fixed64(span.target.value);
    out.Zigzag(ToUnixMillis(span.from));
    out.Zigzag(ToUnixMillis(span.to));
  }
  return bytes;
}

Result<Pin> DecodePin(std::string_view bytes) {
  ByteReader in(bytes);
  const bool is_known = in.Byte() == kFormat;
  Pin pin;
  pin.id = in.Text();
  pin.reason = in.Text();
  if (in.Varint() != 0) pin.expires = FromUnixMillis(in.Zigzag());
  const std::size_t count = in.Count(10);
  for (std::size_t i = 0; i < count; ++i) {
    const TargetId target{in.Fixed64()};
    const Time from = FromUnixMillis(in.Zigzag());
    pin.spans.push_back({target, from, FromUnixMillis(in.Zigzag())});
  }
  if (!is_known || !in.ok() || !in.done() || !CheckPin(pin)) {
    return Fail(ErrorCode::kCorrupt, "a pin that does not make sense");
  }
  return pin;
}

Result<void> PinBoard::Put(Pin pin) {
  const std::lock_guard lock(mutex_);
  if (pins_.size() >= kMaxPins && !pins_.contains(pin.id)) {
    return Fail(ErrorCode::kLimit, "there are " + std::to_string(kMaxPins) +
                                       " pins already; remove some before adding \"" + pin.id +
                                       "\"");
  }
  std::string id = pin.id;
  pins_.insert_or_assign(std::move(id), std::move(pin));
  return {};
}

void PinBoard::Remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto it = pins_.find(id); it != pins_.end()) pins_.erase(it);
}

std::optional<Pin> PinBoard::Find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto it = pins_.find(id);
  if (it == pins_.end()) return std::nullopt;
  return it->second;
}

std::vector<Pin> PinBoard::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<Pin> pins;
  for (const auto& [id, pin] : pins_) pins.push_back(pin);
  return pins;
}

std::vector<std::string> PinBoard::ExpiredAt(Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> expired;
  for (const auto& [id, pin] : pins_) {
    if (!IsInForce(pin, now)) expired.push_back(id);
  }
  return expired;
}

std::vector<PinnedSpan> PinBoard::SpansOf(TargetId target, Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<PinnedSpan> spans;
  for (const auto& [id, pin] : pins_) {
    if (!IsInForce(pin, now)) continue;
    std::copy_if(pin.spans.begin(), pin.spans.end(), std::back_inserter(spans),
                 [&](const PinnedSpan& span) { return span.target == target; });
  }
  return spans;
}

bool IsPinned(const std::vector<PinnedSpan>& spans, Time first, Time last) {
  return std::any_of(spans.begin(), spans.end(),
                     [&](const PinnedSpan& span) { return span.from <= last && first <= span.to; });
}

}  // namespace heapwatch
