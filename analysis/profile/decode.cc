#include "analysis/profile/decode.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "analysis/base/time.h"
#include "analysis/profile/inflate.h"
#include "analysis/profile/looks_like.h"
#include "analysis/profile/pprof_decode.h"
#include "analysis/profile/text_decode.h"

namespace heapwatch {
namespace {

// Of such a message and of the profile made from it no memory is kept, not even side by side.
constexpr std::size_t kLargeBytes = 8U << 20;

// Go's own: /debug/pprof/heap and /allocs.
bool HasGoTypes(const HeapProfile& profile) {
  constexpr std::array<std::string_view, 4> kTypes = {"alloc_objects", "alloc_space",
                                                      "inuse_objects", "inuse_space"};
  return std::equal(profile.sample_types.begin(), profile.sample_types.end(), kTypes.begin(),
                    kTypes.end(),
                    [](const SampleType& a, std::string_view b) { return a.type == b; });
}

std::string TypesOf(const HeapProfile& profile) {
  std::string out;
  for (const SampleType& type : profile.sample_types) {
    if (!out.empty()) out += ", ";
    out += type.type + "/" + type.unit;
  }
  return out;
}

// A message that is whole may still be none to draw conclusions from.
Result<void> CheckUse(const HeapProfile& profile, const DecodeLimits& limits) {
  if (profile.sample_types.empty()) {
    return Fail(ErrorCode::kWrongFormat,
                "a protobuf message without sample types: not a pprof profile");
  }
  if (std::none_of(profile.sample_types.begin(), profile.sample_types.end(),
                   [](const SampleType& type) { return type.unit == "bytes"; })) {
    return Fail(ErrorCode::kWrongFormat,
                "a pprof profile of " + TypesOf(profile) + ", not of a heap");
  }
  if (!limits.allow_without_live && !profile.column(Quantity::kInuseSpace)) {
    return Fail(ErrorCode::kWrongFormat,
                "a pprof profile of " + TypesOf(profile) +
                    ": it does not tell how much memory is live (inuse_space/bytes), and no leak "
                    "shows in anything else");
  }
  if (!HasGoTypes(profile)) return {};
  // Go leaves out a rate of zero; what was sampled before it was set so stays in the profile and
  // moves no more.
  if (!profile.sampling_period_bytes && profile.period_type.type == "space") {
    return Fail(ErrorCode::kUnavailable,
                "heap profiling is switched off in the target (runtime.MemProfileRate is 0)");
  }
  if (profile.duration && profile.duration->count() > 0 && !limits.allow_delta) {
    return Fail(ErrorCode::kWrongFormat,
                "a delta over " + FormatDuration(*profile.duration) +
                    ", not the heap: its values, live memory too, are differences. Ask without "
                    "?seconds=");
  }
  return {};
}

}  // namespace

struct Decoder::Parts {
  DecodeLimits limits;
  Inflater inflater;
  PprofDecoder pprof;
};

Decoder::Decoder(const DecodeLimits& limits) : parts_(std::make_unique<Parts>()) {
  parts_->limits = limits;
}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<HeapProfile> Decoder::Decode(std::string_view bytes) {
  if (bytes.empty()) return Fail(ErrorCode::kWrongFormat, "the body is empty");
  const Result<std::string_view> plain =
      parts_->inflater.Inflate(bytes, parts_->limits.inflated_bytes);
  if (!plain) return Fail(plain.error());
  if (plain->empty()) return Fail(ErrorCode::kWrongFormat, "the body is compressed nothing");
  if (!LooksLikePprof(*plain)) {
    if (const auto header = FindTextHeader(*plain)) {
      return DecodeText(*plain, *header, parts_->limits);
    }
    return Fail(ErrorCode::kWrongFormat, "not a heap profile but " + LooksLike(*plain));
  }
  std::function<void(const char*)> is_read;
  if (plain->size() >= kLargeBytes) {
    is_read = [this](const char* end) { parts_->inflater.ReleaseBefore(end); };
  }
  Result<HeapProfile> profile = parts_->pprof.Decode(*plain, parts_->limits, std::move(is_read));
  if (!profile) return profile;
  if (auto usable = CheckUse(*profile, parts_->limits); !usable) return Fail(usable.error());
  return profile;
}

void Decoder::set_limits(const DecodeLimits& limits) { parts_->limits = limits; }

void Decoder::Recycle(HeapProfile&& done) {
  if (done.values.capacity() * sizeof(done.values[0]) < kLargeBytes) {
    parts_->pprof.Recycle(std::move(done));
  }
}

Result<HeapProfile> DecodeProfile(std::string_view bytes, const DecodeLimits& limits) {
  return Decoder(limits).Decode(bytes);
}

}  // namespace heapwatch
