// Protobuf's numbers: seven bits a byte, the least significant first; the last byte has no high
// bit.
//
// A length that cannot be foretold costs more than the number itself: the processor guesses the
// branch wrong. So where eight bytes can be loaded at once, the length is computed, not branched
// on. Used by the pprof decoder only, whose innermost loops these are.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <protozero/varint.hpp>

namespace heapwatch {

inline bool EndsVarint(char byte) { return static_cast<signed char>(byte) >= 0; }

// The first of eight bytes is the least significant.
inline std::uint64_t LoadEight(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// The high bits of those bytes of a word that end a varint.
inline std::uint64_t VarintEnds(std::uint64_t word) { return ~word & 0x8080808080808080U; }

// Up to eight groups of seven bits, each in a byte of its own, moved together: in pairs, then
// fours, then eights.
inline std::uint64_t JoinGroups(std::uint64_t groups) {
  groups = (groups & 0x007f007f007f007fU) | (groups & 0x7f007f007f007f00U) >> 1U;
  groups = (groups & 0x00003fff00003fffU) | (groups & 0x3fff00003fff0000U) >> 2U;
  return (groups & 0x0fffffffU) | (groups & 0x0fffffff00000000U) >> 4U;
}

// The varint that `word` begins with, given its ends, of which there is one at least.
inline std::uint64_t FirstVarint(std::uint64_t word, std::uint64_t ends) {
  return JoinGroups(word & (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7fU);
}

inline std::uint64_t ReadLongVarint(const char*& at, const char* end) {
  if (end - at < 8) return protozero::decode_varint(&at, end);
  const std::uint64_t word = LoadEight(at);
  const std::uint64_t ends = VarintEnds(word);
  if (ends == 0) return protozero::decode_varint(&at, end);
  at += std::countr_zero(ends) / 8 + 1;
  return FirstVarint(word, ends);
}

[[gnu::always_inline]] inline std::uint64_t ReadVarint(const char*& at, const char* end) {
  if (at != end) {
    const auto first = static_cast<std::uint8_t>(*at);
    if (first < 0x80) {
      ++at;
      return first;
    }
    if (end - at >= 2) {
      const auto second = static_cast<std::uint8_t>(at[1]);
      if (second < 0x80) {
        at += 2;
        return (first & 0x7fU) | static_cast<std::uint64_t>(second) << 7U;
      }
    }
  }
  return ReadLongVarint(at, end);
}

// Where eight bytes can be loaded; false: the number is longer than that. Lengths that are common
// are branched on: mostly they can be foretold, and then what follows need not wait for this one.
[[gnu::always_inline]] inline bool ReadShortVarint(const char*& at, std::uint64_t& number) {
  const std::uint64_t word = LoadEight(at);
  if ((word & 0x80U) == 0) {
    at += 1;
    number = word & 0x7fU;
    return true;
  }
  if ((word & 0x8000U) == 0) {
    at += 2;
    number = (word & 0x7fU) | (word & 0x7f00U) >> 1U;
    return true;
  }
  const std::uint64_t ends = VarintEnds(word);
  if (ends == 0) return false;
  at += std::countr_zero(ends) / 8 + 1;
  number = FirstVarint(word, ends);
  return true;
}

// Where the number is known to end, and eight bytes can be loaded.
[[gnu::always_inline]] inline std::uint64_t ReadWholeVarint(const char*& at) {
  std::uint64_t number = 0;
  if (ReadShortVarint(at, number)) return number;
  return protozero::decode_varint(&at, at + protozero::max_varint_length);
}

}  // namespace heapwatch
