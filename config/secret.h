// A text that nobody may see: a password, a token, an address with one in it.
//
// It is told only to who asks by name (Reveal), to send it. Streams and so the failures of tests
// show "<secret>"; the log's formatter does not compile with it, and JSON has no conversion.
#pragma once

#include <compare>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

namespace heapwatch {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}

  const std::string& Reveal() const { return *text_; }
  bool empty() const { return text_->empty(); }

  bool operator==(const Secret& other) const { return *text_ == *other.text_; }
  auto operator<=>(const Secret& other) const { return *text_ <=> *other.text_; }
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "<secret>"; }

 private:
  // Not in the object itself, of which a test's failure would show the bytes.
  std::shared_ptr<const std::string> text_ = std::make_shared<const std::string>();
};

}  // namespace heapwatch
