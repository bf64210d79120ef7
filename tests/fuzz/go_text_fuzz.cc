// Go's debug=1 text, which is told by its comments.
#include "analysis/profile/text_decode.h"
#include "tests/fuzz/fuzz_support.h"

FUZZ_PLAIN_BYTES

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string plain = "heap profile: 1: 64 [2: 128] @ heap/1048576\n" +
                            heapwatch::Plain(data, size) + "\n# runtime.MemStats\n";
  const auto header = heapwatch::FindTextHeader(plain);
  FUZZ_REQUIRE(header);
  const auto profile = heapwatch::DecodeText(plain, *header, {});
  if (profile) heapwatch::RequireWhole(*profile);
  return 0;
}
