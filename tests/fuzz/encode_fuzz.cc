// The encoder's round trip: what is decoded from its bytes is what was handed to it.
#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "tests/fuzz/fuzz_support.h"

FUZZ_PLAIN_BYTES

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static heapwatch::Decoder decoder({.allow_delta = true, .allow_without_live = true});
  const std::string plain = heapwatch::Plain(data, size);
  const auto profile = decoder.Decode(plain);
  if (!profile) return 0;
  const std::string bytes = heapwatch::EncodePprof(*profile);
  const auto again = decoder.Decode(bytes);
  FUZZ_REQUIRE(again);
  FUZZ_REQUIRE(again->sample_types == profile->sample_types);
  FUZZ_REQUIRE(again->values == profile->values);
  FUZZ_REQUIRE(again->stack_hashes == profile->stack_hashes);
  FUZZ_REQUIRE(heapwatch::EncodePprof(*again) == bytes);
  return 0;
}
