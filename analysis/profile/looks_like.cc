#include "analysis/profile/looks_like.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace heapwatch {
namespace {

constexpr std::size_t kExcerptBytes = 120;

bool IsTextByte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 || c == '\n' || c == '\r' || c == '\t';
}
bool IsText(std::string_view bytes) { return std::all_of(bytes.begin(), bytes.end(), IsTextByte); }

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// One line, without bytes that would upset a terminal or a log.
std::string Excerpt(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kExcerptBytes)) {
    if (c == '\n' || c == '\r' || c == '\t') {
      if (!out.ends_with(' ')) out += ' ';
    } else {
      out += c;
    }
  }
  if (text.size() > kExcerptBytes) out += "...";
  return out;
}

std::string TitleOf(std::string_view page) {
  const std::string lower = Lower(page.substr(0, 16U << 10));
  const std::size_t begin = lower.find("<title");
  if (begin == std::string::npos) return {};
  const std::size_t open = lower.find('>', begin);
  if (open == std::string::npos) return {};
  const std::size_t end = lower.find("</title", open);
  if (end == std::string::npos) return {};
  return Excerpt(Trim(page.substr(open + 1, end - open - 1)));
}

struct Beginning {
  std::string_view bytes;
  std::string_view what;
};
constexpr std::array kBeginnings = {
    Beginning{"JAVA PROFILE", "a Java heap dump (hprof); Heapwatch reads heap profiles"},
    Beginning{"--- heapz", "a Java heapz text profile; serve it as pprof protobuf"},
    Beginning{"--- heap", "a Java heap text profile; serve it as pprof protobuf"},
    Beginning{"--- contention", "a contention profile, not one of the heap"},
    Beginning{"--- mutex", "a mutex profile, not one of the heap"},
    Beginning{"--- threadz", "a list of threads, not a heap profile"},
    Beginning{"goroutine profile:", "a goroutine profile, not one of the heap"},
    Beginning{"threadcreate profile:", "a thread creation profile, not one of the heap"},
    Beginning{"go1.", "a Go heap dump (debug.WriteHeapDump); Heapwatch reads /debug/pprof/heap"},
    Beginning{"go 1.", "a Go execution trace, not a heap profile"},
    Beginning{"\x7f"
              "ELF",
              "an ELF binary"},
    Beginning{"PK\x03\x04", "a zip archive"},
    Beginning{"PERFILE2", "a recording of Linux perf"},
    Beginning{"# HELP", "Prometheus metrics: is this the metrics endpoint?"},
    Beginning{"# TYPE", "Prometheus metrics: is this the metrics endpoint?"},
};

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (!out.empty()) out += ' ';
    out += kDigits[u >> 4U];
    out += kDigits[u & 15U];
  }
  return out;
}

}  // namespace

bool LooksLikePprof(std::string_view bytes) {
  if (bytes.empty() || IsText(bytes.substr(0, 64))) return false;
  const auto key = static_cast<std::uint8_t>(bytes[0]);
  if (key >= 0x80) return false;
  const unsigned field = key >> 3U;
  const unsigned wire_type = key & 7U;
  switch (field) {
    case 1:  // sample_type ... string_table, period_type
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 11:
      return wire_type == 2;
    case 7:  // drop_frames ... period, default_sample_type, doc_url
    case 8:
    case 9:
    case 10:
    case 12:
    case 14:
    case 15:
      return wire_type == 0;
    case 13:  // comment
      return wire_type == 0 || wire_type == 2;
    default:
      return false;
  }
}

std::string LooksLike(std::string_view bytes) {
  const std::string_view text = Trim(bytes);
  if (text.empty()) return "nothing but blanks";
  for (const Beginning& beginning : kBeginnings) {
    if (text.starts_with(beginning.bytes)) return std::string(beginning.what);
  }
  const std::string head = Lower(text.substr(0, 1024));
  if (head.starts_with("<!doctype html") || head.find("<html") != std::string::npos) {
    const std::string title = TitleOf(text);
    return "an HTML page" + (title.empty() ? "" : " (\"" + title + "\")") +
           ": is there a login or a proxy in between?";
  }
  if (!IsText(text.substr(0, 256))) {
    return "binary data that begins with " + Hex(bytes.substr(0, 16));
  }
  if (text.front() == '{' || text.front() == '[') return "JSON: " + Excerpt(text);
  if (text.front() == '<') return "XML: " + Excerpt(text);
  return "text: " + Excerpt(text);
}

}  // namespace heapwatch
