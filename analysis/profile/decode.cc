#include "analysis/profile/decode.h"

#include <utility>

#include "analysis/profile/inflate.h"
#include "analysis/profile/pprof_decode.h"

namespace heapwatch {

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
  return parts_->pprof.Decode(*plain, parts_->limits);
}

Result<HeapProfile> DecodeProfile(std::string_view bytes, const DecodeLimits& limits) {
  return Decoder(limits).Decode(bytes);
}

}  // namespace heapwatch
