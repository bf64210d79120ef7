// The pprof message, uncompressed.
#include "analysis/profile/pprof_decode.h"
#include "tests/fuzz/fuzz_support.h"

FUZZ_PLAIN_BYTES

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static heapwatch::PprofDecoder decoder;
  const std::string plain = heapwatch::Plain(data, size);
  const auto profile = decoder.Decode(plain, {});
  if (profile) heapwatch::RequireWhole(*profile);
  return 0;
}
