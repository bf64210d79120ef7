// Undoes whatever compression the bytes are in: gzip (several members too), zlib, zstd, or none.
//
// Keeps its buffer from one call to the next; what Inflate returns is a view of that buffer, or of
// `bytes` where nothing was to be undone, valid until the next call. Errors: kCorrupt (names the
// format and the place), kLimit. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/large_memory.h"

struct libdeflate_decompressor;

namespace heapwatch {

enum class Compression { kNone, kGzip, kZlib, kZstd };
Compression DetectCompression(std::string_view bytes);
std::string_view ToString(Compression compression);
// What the bytes inflate to, about: a hint, since anyone may have written what it is read from. 0
// where they are not compressed.
std::size_t GuessInflatedSize(std::string_view bytes);

class Inflater {
 public:
  Inflater();

  Result<std::string_view> Inflate(std::string_view bytes, std::size_t max_bytes);

  // Gives the whole pages of the buffer before `end`, a place in what Inflate returned last, back
  // to the system: for large bodies, whose inflated bytes and profile need not stand side by side.
  void ReleaseBefore(const char* end);

 private:
  Result<std::string_view> InflateDeflate(std::string_view bytes, Compression compression,
                                          std::size_t max_bytes);
  Result<std::string_view> InflateZstd(std::string_view bytes, std::size_t max_bytes);
  // Makes room for `size` bytes in all and keeps the first `used`.
  void Reserve(std::size_t size, std::size_t used);

  struct Free {
    void operator()(libdeflate_decompressor* decompressor) const;
  };
  std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
  struct FreeBuffer {
    std::size_t capacity;
    void operator()(char* buffer) const { FreeLarge(buffer, capacity); }
  };
  std::unique_ptr<char[], FreeBuffer> buffer_;
  std::size_t capacity_ = 0;
};

}  // namespace heapwatch
