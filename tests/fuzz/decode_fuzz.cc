// Whatever a target may serve: compression, recognition of the format, the text of errors,
// attribution.
#include "analysis/profile/attribution.h"
#include "analysis/profile/decode.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static heapwatch::Decoder decoder({.inflated_bytes = 4U << 20U,
                                     .samples = 100'000,
                                     .allow_delta = true,
                                     .allow_without_live = true});
  static const auto attributor = *heapwatch::SiteAttributor::Create({});
  const auto profile = decoder.Decode({reinterpret_cast<const char*>(data), size});
  if (!profile) {
    FUZZ_REQUIRE(!profile.error().message.empty() && profile.error().message.size() < 1000);
    return 0;
  }
  heapwatch::RequireWhole(*profile);
  for (std::size_t i = 0; i < profile->stack_count(); ++i) {
    attributor->Attribute(*profile, heapwatch::StackId(i)).id();
  }
  return 0;
}
