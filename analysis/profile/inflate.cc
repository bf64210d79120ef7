#include "analysis/profile/inflate.h"

#include <libdeflate.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace heapwatch {
namespace {

constexpr std::size_t kSmallestBuffer = 64U << 10;

std::uint8_t Byte(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

Error TooLarge(Compression compression, std::size_t max_bytes) {
  return Error{ErrorCode::kLimit, std::string(ToString(compression)) +
                                      " data inflates to more than " + std::to_string(max_bytes) +
                                      " bytes"};
}

Error Broken(Compression compression, std::string_view bytes, std::size_t at,
             std::string_view how) {
  return Error{ErrorCode::kCorrupt, std::string(ToString(compression)) +
                                        " data is broken near byte " + std::to_string(at) + " of " +
                                        std::to_string(bytes.size()) + ": " + std::string(how)};
}

Error CutShort(Compression compression, std::string_view bytes) {
  return Error{ErrorCode::kCorrupt, std::string(ToString(compression)) +
                                        " data ends too early: at byte " +
                                        std::to_string(bytes.size())};
}

// libdeflate does not tell where it stumbled. zlib does, and time does not matter any more.
Error Diagnose(Compression compression, std::string_view bytes, std::size_t member,
               std::size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, compression == Compression::kGzip ? 16 + MAX_WBITS : MAX_WBITS) !=
      Z_OK) {
    return Broken(compression, bytes, member, "out of memory");
  }
  std::vector<unsigned char> in(bytes.begin() + static_cast<std::ptrdiff_t>(member), bytes.end());
  std::vector<unsigned char> out(32U << 10U);
  stream.next_in = in.data();
  stream.avail_in = static_cast<unsigned>(std::min<std::size_t>(in.size(), 1U << 30U));
  int status = Z_OK;
  while (status == Z_OK && stream.total_out <= max_bytes) {
    stream.next_out = out.data();
    stream.avail_out = static_cast<unsigned>(out.size());
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const std::size_t at = member + stream.total_in;
  const std::string how = stream.msg != nullptr ? stream.msg : "it cannot be inflated";
  inflateEnd(&stream);
  if (status == Z_BUF_ERROR || status == Z_OK) return CutShort(compression, bytes);
  return Broken(compression, bytes, at, how);
}

}  // namespace

Compression DetectCompression(std::string_view bytes) {
  if (bytes.size() >= 2 && Byte(bytes, 0) == 0x1f && Byte(bytes, 1) == 0x8b)
    return Compression::kGzip;
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::kZstd;
  // Deflate with a window of 32 KiB, and a header that is a multiple of 31. What tells of a smaller
  // window could be the time or the period that a protobuf message begins with.
  if (bytes.size() >= 2 && Byte(bytes, 0) == 0x78 &&
      (Byte(bytes, 0) * 256U + Byte(bytes, 1)) % 31 == 0 && (Byte(bytes, 1) & 0x20) == 0) {
    return Compression::kZlib;
  }
  return Compression::kNone;
}

// The last four bytes of a gzip member tell its inflated size; a hint only, since it wraps and
// anyone may have written it. Deflate cannot grow data more than 1032 times.
std::size_t GuessInflatedSize(std::string_view bytes) {
  const Compression compression = DetectCompression(bytes);
  if (compression == Compression::kNone) return 0;
  std::size_t guess = bytes.size() * 6;
  if (compression == Compression::kGzip && bytes.size() >= 18) {
    guess = 0;
    for (std::size_t i = 1; i <= 4; ++i) guess = guess << 8 | Byte(bytes, bytes.size() - i);
    guess += 1;
  }
  return std::clamp(guess, kSmallestBuffer, std::max(kSmallestBuffer, bytes.size() * 1032));
}

std::string_view ToString(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "plain";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZlib:
      return "zlib";
    case Compression::kZstd:
      return "zstd";
  }
  return "unknown";
}

Inflater::Inflater() : decompressor_(libdeflate_alloc_decompressor()) {}

void Inflater::Free::operator()(libdeflate_decompressor* decompressor) const {
  libdeflate_free_decompressor(decompressor);
}

void Inflater::ReleaseBefore(const char* end) {
  if (end < buffer_.get() || end > buffer_.get() + capacity_) return;  // a view of what came in
  const auto address = [](const char* at) { return reinterpret_cast<std::uintptr_t>(at); };
  const std::uintptr_t first =
      (address(buffer_.get()) + kLargePageBytes - 1) / kLargePageBytes * kLargePageBytes;
  const std::uintptr_t last = address(end) / kLargePageBytes * kLargePageBytes;
  // Advice only: where it is not taken nothing is lost but memory.
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address rounded to pages is the call's own way.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

void Inflater::Reserve(std::size_t size, std::size_t used) {
  if (size <= capacity_) return;
  std::unique_ptr<char[], FreeBuffer> larger(static_cast<char*>(AllocateLarge(size)),
                                             FreeBuffer{.capacity = size});
  if (used > 0) std::memcpy(larger.get(), buffer_.get(), used);
  buffer_ = std::move(larger);
  capacity_ = size;
}

Result<std::string_view> Inflater::Inflate(std::string_view bytes, std::size_t max_bytes) {
  const Compression compression = DetectCompression(bytes);
  switch (compression) {
    case Compression::kNone:
      if (bytes.size() > max_bytes) {
        return Fail(ErrorCode::kLimit, "more than " + std::to_string(max_bytes) + " bytes");
      }
      return bytes;
    case Compression::kZstd:
      return InflateZstd(bytes, max_bytes);
    case Compression::kGzip:
    case Compression::kZlib:
      break;
  }
  return InflateDeflate(bytes, compression, max_bytes);
}

Result<std::string_view> Inflater::InflateDeflate(std::string_view bytes, Compression compression,
                                                  std::size_t max_bytes) {
  const auto decompress = compression == Compression::kGzip ? libdeflate_gzip_decompress_ex
                                                            : libdeflate_zlib_decompress_ex;
  std::size_t used = 0;
  std::size_t at = 0;
  while (at == 0 || (at < bytes.size() && compression == Compression::kGzip &&
                     DetectCompression(bytes.substr(at)) == Compression::kGzip)) {
    const std::string_view rest = bytes.substr(at);
    Reserve(std::min(max_bytes, used + GuessInflatedSize(rest)), used);
    for (;;) {
      std::size_t consumed = 0;
      std::size_t produced = 0;
      const libdeflate_result result =
          decompress(decompressor_.get(), rest.data(), rest.size(), buffer_.get() + used,
                     std::min(capacity_, max_bytes) - used, &consumed, &produced);
      if (result == LIBDEFLATE_SUCCESS) {
        at += consumed;
        used += produced;
        break;
      }
      if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
        return Fail(Diagnose(compression, bytes, at, max_bytes));
      }
      if (capacity_ >= max_bytes) return Fail(TooLarge(compression, max_bytes));
      Reserve(std::min(max_bytes, capacity_ * 2), used);
    }
  }
  return std::string_view(buffer_.get(), used);
}

Result<std::string_view> Inflater::InflateZstd(std::string_view bytes, std::size_t max_bytes) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                             ZSTD_freeDStream);
  ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
  std::size_t used = 0;
  std::size_t left = 1;
  Reserve(std::min(max_bytes, GuessInflatedSize(bytes)), 0);
  while (left > 0 || in.pos < in.size) {
    if (used == capacity_) {
      if (capacity_ >= max_bytes) return Fail(TooLarge(Compression::kZstd, max_bytes));
      Reserve(std::min(max_bytes, capacity_ * 2), used);
    }
    ZSTD_outBuffer out{.dst = buffer_.get(), .size = capacity_, .pos = used};
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      return Fail(Broken(Compression::kZstd, bytes, in.pos, ZSTD_getErrorName(left)));
    }
    if (left > 0 && in.pos == before && out.pos == used) {
      return Fail(CutShort(Compression::kZstd, bytes));
    }
    used = out.pos;
  }
  return std::string_view(buffer_.get(), used);
}

}  // namespace heapwatch
