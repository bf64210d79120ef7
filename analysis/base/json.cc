#include "analysis/base/json.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "analysis/base/utf8.h"

namespace heapwatch {
namespace {

void AppendNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  // Between these magnitudes plain digits are the shorter form to a reader, if not always to a
  // printer.
  const double magnitude = std::fabs(value);
  const bool plain = value == 0 || (magnitude >= 1e-6 && magnitude < 1e17);
  std::array<char, 64> text{};
  const auto end =
      plain ? std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed)
            : std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end.ptr);
}

void Append(const boost::json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    out += '{';
    bool is_first = true;
    for (const auto& [name, member] : *object) {
      if (!is_first) out += ',';
      is_first = false;
      out += boost::json::serialize(boost::json::string(name)) + ':';
      Append(member, out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      Append((*array)[i], out);
    }
    out += ']';
  } else if (value.is_double()) {
    AppendNumber(value.get_double(), out);
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string ToJson(const boost::json::value& value) {
  std::string out;
  Append(value, out);
  return ToUtf8(out);  // what is not text is ASCII: quotes and brackets stay
}

}  // namespace heapwatch
