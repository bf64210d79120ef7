// Reads the fields of a pprof message one by one, where a peer chose the numbers, types and
// lengths.
//
//   FieldReader fields(part);
//   while (fields.Next()) {
//     switch (fields.number()) {
//       case 1: id = fields.Uint64(); break;   // throws where it is no varint
//     }
//   }
//
// Fields nobody asks for are passed over. Errors are thrown (MalformedMessage,
// protozero::exception) and caught in pprof_decode.cc. Used by the pprof decoder only, whose inner
// loop this is: protozero's own reader takes twice as long.
#pragma once

#include <cstdint>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "analysis/base/error.h"

namespace heapwatch {

struct MalformedMessage {
  ErrorCode code;
  std::string message;
};

[[noreturn, gnu::cold]] inline void Throw(std::string message) {
  throw MalformedMessage{ErrorCode::kCorrupt, std::move(message)};
}
[[noreturn, gnu::cold]] inline void ThrowLimit(std::string_view what, std::size_t limit) {
  throw MalformedMessage{ErrorCode::kLimit,
                         "more than " + std::to_string(limit) + " " + std::string(what)};
}

inline std::uint64_t ReadVarint(const char*& at, const char* end) {
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
  return protozero::decode_varint(&at, end);
}

class FieldReader {
 public:
  explicit FieldReader(std::string_view part) : at_(part.data()), end_(at_ + part.size()) {}

  [[gnu::always_inline]] bool Next() {
    if (at_ == end_) return false;
    const std::uint64_t key = ReadVarint(at_, end_);
    number_ = key >> 3U;
    type_ = static_cast<unsigned>(key & 7U);
    if (type_ == kVarint) {
      value_ = ReadVarint(at_, end_);
      return true;
    }
    if (type_ == kBytes) {
      value_ = ReadVarint(at_, end_);
    } else if (type_ == 1 || type_ == 5) {
      value_ = type_ == 1 ? 8 : 4;
    } else {
      WrongType();
    }
    if (value_ > static_cast<std::uint64_t>(end_ - at_)) TooLong();
    bytes_ = std::string_view(at_, value_);
    at_ += value_;
    return true;
  }

  const char* at() const { return at_; }  // of the next field
  std::uint64_t number() const { return number_; }
  bool is_bytes() const { return type_ == kBytes; }

  std::uint64_t Uint64() const {
    if (type_ != kVarint) WrongType();
    return value_;
  }
  std::int64_t Int64() const { return static_cast<std::int64_t>(Uint64()); }
  std::string_view Bytes() const {
    if (type_ != kBytes) WrongType();
    return bytes_;
  }
  // A repeated number: packed, or one at a time.
  template <class F>
  void EachVarint(F f) const {
    if (type_ != kBytes) return f(Uint64());
    const char* at = bytes_.data();
    const char* const end = at + bytes_.size();
    while (at != end) f(ReadVarint(at, end));
  }

 private:
  static constexpr unsigned kVarint = 0;
  static constexpr unsigned kBytes = 2;

  [[noreturn, gnu::cold, gnu::noinline]] void TooLong() const {
    Throw("field " + std::to_string(number_) + " is " + std::to_string(value_) +
          " bytes long, but only " + std::to_string(end_ - at_) + " are left");
  }
  [[noreturn, gnu::cold, gnu::noinline]] void WrongType() const {
    Throw("field " + std::to_string(number_) + " has wire type " + std::to_string(type_));
  }

  const char* at_;
  const char* end_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
  unsigned type_ = 0;
};

}  // namespace heapwatch
