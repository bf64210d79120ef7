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
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/varint.h"

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

// A string by its index. A message without strings has the empty one.
inline std::string_view TextAt(const std::vector<std::string_view>& texts, std::int64_t index) {
  const auto at = static_cast<std::uint64_t>(index);
  if (at < texts.size()) return texts[at];
  if (at == 0) return {};
  Throw("string " + std::to_string(index) + " of " + std::to_string(texts.size()));
}

// The usual layout of a part: each field at most once, in the order in which they are asked for. A
// field that is not next counts as absent. Whoever has asked for all and is not at the end has
// another layout before him, or a broken one, and takes a FieldReader.
//
// Reads up to eight bytes past the end of the part without asking, and notices at the end. Where
// the message, which ends at `readable`, has not that many, nothing is next.
class UsualFields {
 public:
  UsualFields(std::string_view part, const char* readable)
      : at_(part.data()), end_(at_ + part.size()) {
    if (readable - end_ < 8) Fail();
  }

  bool AtEnd() const { return at_ == end_; }
  [[gnu::always_inline]] std::uint64_t Number(unsigned field) {
    if (!IsNext(field << 3U)) return 0;
    ++at_;
    return TakeVarint();
  }
  [[gnu::always_inline]] bool Bytes(unsigned field, std::string_view& bytes) {
    if (!IsNext(field << 3U | 2U)) return false;
    ++at_;
    const std::uint64_t size = TakeVarint();
    if (at_ > end_ || size > static_cast<std::uint64_t>(end_ - at_)) {
      Fail();
      return false;
    }
    bytes = std::string_view(at_, size);
    at_ += size;
    return true;
  }

 private:
  [[gnu::always_inline]] std::uint64_t TakeVarint() {
    std::uint64_t number = 0;
    if (!ReadShortVarint(at_, number)) Fail();
    return number;
  }
  bool IsNext(unsigned key) const { return at_ < end_ && static_cast<std::uint8_t>(*at_) == key; }
  void Fail() { at_ = end_ + 1; }  // neither at the end nor before it

  const char* at_;
  const char* const end_;
};

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
