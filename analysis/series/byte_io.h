// Little numbers in few bytes, and texts with their length in front: what every stored record is
// made of.
//
// Varint: base 128, least significant group first, as in protobuf. Zigzag: 0, -1, 1, -2, ... become
// 0, 1, 2, 3, ... The reader never reads past the end: after the first thing that is not there or
// makes no sense, ok() is false and every further read gives zero or nothing.
#pragma once

#include <endian.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "analysis/base/strong_id.h"

namespace heapwatch {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void Byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Varint(std::uint64_t value) {
    while (value >= 0x80) {
      Byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    Byte(static_cast<std::uint8_t>(value));
  }
  void Zigzag(std::int64_t value) {
    Varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  // Eight bytes, least significant first.
  void Fixed64(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) Byte(static_cast<std::uint8_t>(value >> shift));
  }
  void Double(double value) { Fixed64(std::bit_cast<std::uint64_t>(value)); }
  void Hash(const ContentHash& hash) {
    Fixed64(hash.high);
    Fixed64(hash.low);
  }
  void Raw(std::string_view bytes) { out_.append(bytes); }
  void Text(std::string_view text) {
    Varint(text.size());
    Raw(text);
  }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint8_t Byte() {
    if (at_ == end_) return Fail();
    return static_cast<std::uint8_t>(*at_++);
  }
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return Fail();
      const auto byte = static_cast<std::uint8_t>(*at_++);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  std::int64_t Zigzag() {
    const std::uint64_t value = Varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::uint64_t Fixed64() {
    if (left() < 8) return Fail();
    std::uint64_t value = 0;
    std::memcpy(&value, at_, 8);
    at_ += 8;
    return le64toh(value);
  }
  double Double() { return std::bit_cast<double>(Fixed64()); }
  ContentHash Hash() {
    const std::uint64_t high = Fixed64();
    return {high, Fixed64()};
  }
  std::string_view Text() { return Bytes(Varint()); }
  std::string_view Bytes(std::uint64_t size) {
    if (size > left()) {
      Fail();
      return {};
    }
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  // A number of things to come, each of at least `least_bytes` bytes: what does not fit is not
  // true, and nobody should make room for it.
  std::size_t Count(std::size_t least_bytes = 1) {
    const std::uint64_t count = Varint();
    if (count > left() / least_bytes) return Fail();
    return count;
  }
  // To be called where what was read contradicts itself.
  std::uint8_t Fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace heapwatch
