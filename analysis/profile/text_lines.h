// Reading the text formats: lines with their place, and the numbers in a line. Pure.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heapwatch {

inline void SkipSpaces(std::string_view& text) {
  const std::size_t at = text.find_first_not_of(" \t");
  text.remove_prefix(at == std::string_view::npos ? text.size() : at);
}

inline bool Take(std::string_view& text, std::string_view prefix) {
  SkipSpaces(text);
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

inline std::optional<std::int64_t> TakeNumber(std::string_view& text) {
  SkipSpaces(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// With or without 0x.
inline std::optional<std::uint64_t> TakeHex(std::string_view& text) {
  SkipSpaces(text);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Line by line from byte `begin` on, without the line end ("\n" or "\r\n").
class LineReader {
 public:
  explicit LineReader(std::string_view text, std::size_t begin = 0)
      : text_(text),
        next_(begin),
        number_(static_cast<std::size_t>(
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'))) {}

  bool Next(std::string_view& line) {
    if (next_ >= text_.size()) return false;
    at_ = next_;
    const std::size_t end = text_.find('\n', at_);
    line = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    next_ = end == std::string_view::npos ? text_.size() : end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return true;
  }

  // "line 17 (byte 1234)": of the line read last.
  std::string Place() const {
    return "line " + std::to_string(number_) + " (byte " + std::to_string(at_) + ")";
  }
  bool IsLast() const { return next_ >= text_.size(); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t next_;
  std::size_t number_;
};

}  // namespace heapwatch
