// jemalloc's text dumps, uncompressed; the header is put in front where it is missing.
#include "analysis/profile/text_decode.h"
#include "tests/fuzz/fuzz_support.h"

FUZZ_PLAIN_BYTES

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string plain = heapwatch::Plain(data, size);
  auto header = heapwatch::FindTextHeader(plain);
  if (!header) {
    plain.insert(0, "heap_v2/524288\n  t*: 1: 64 [2: 128]\n");
    header = {heapwatch::TextFormat::kJemalloc, 0};
  }
  const auto profile = heapwatch::DecodeText(plain, *header, {});
  if (profile) heapwatch::RequireWhole(*profile);
  return 0;
}
