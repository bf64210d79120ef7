// From bytes, as a target served them or a file holds them, to a checked HeapProfile.
//
// The format is recognised by content: pprof protobuf (gzip, zlib, zstd or plain), gperftools and
// jemalloc text, Go's debug=1 text. Errors: kWrongFormat says what the bytes look like instead (an
// HTML page, a JSON error, nothing at all); kCorrupt names the format and the place; kLimit the
// bound that was hit. Names and other texts are cut at kMostTextBytes. Pure; a Decoder belongs to
// one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"

namespace heapwatch {

// What is cheap to send once is told again for each frame and each site.
inline constexpr std::size_t kMostTextBytes = 4096;

struct DecodeLimits {
  std::size_t inflated_bytes = 256U
                               << 20;  // a larger body is refused before it is inflated further
  std::size_t stack_depth = 4096;
  std::size_t samples = 4'000'000;  // and as many strings, locations, functions
  std::size_t frames = 64'000'000;  // in all stacks, inlined calls spelt out
  // Go's ?seconds=N serves differences, of live memory too: refused, unless someone wants just that
  // (a diff of files).
  bool allow_delta = false;
  // What tells allocations only can be compared, not watched: no leak shows in it.
  bool allow_without_live = false;
};

// Keeps its working memory from one profile to the next: what a scraper wants.
class Decoder {
 public:
  explicit Decoder(const DecodeLimits& limits = {});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  Result<HeapProfile> Decode(std::string_view bytes);
  void set_limits(const DecodeLimits& limits);

  // Takes a profile that is no longer wanted: the next one is decoded into its memory, so that from
  // then on the number of allocations does not depend on the number of samples, and no fresh page
  // is touched. The memory of very large ones is not kept.
  void Recycle(HeapProfile&& done);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// For one profile now and then.
Result<HeapProfile> DecodeProfile(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace heapwatch
