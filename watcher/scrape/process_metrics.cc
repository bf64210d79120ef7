#include "watcher/scrape/process_metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>

namespace heapwatch {
namespace {

// What is left of a line.
class Rest {
 public:
  explicit Rest(std::string_view text) : text_(text) {}

  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipBlanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }
  bool empty() const { return text_.empty(); }

  // Of letters, digits, _ and, of a metric, colons; "" where there is none.
  std::string_view Name(bool of_metric) {
    const auto is_part = [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || (of_metric && c == ':');
    };
    if (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') return "";
    const auto end = std::find_if_not(text_.begin(), text_.end(), is_part);
    return Cut(static_cast<std::size_t>(end - text_.begin()));
  }

  // A text in quotes, of which nobody here wants to know what it says.
  bool SkipQuoted() {
    if (!Take('"')) return false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }

  std::optional<double> Number() {
    std::string_view word = Cut(std::min(text_.find_first_of(" \t"), text_.size()));
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (code == std::errc::invalid_argument || end != word.data() + word.size())
      return std::nullopt;
    return value;
  }

 private:
  std::string_view Cut(std::size_t size) {
    const std::string_view cut = text_.substr(0, size);
    text_.remove_prefix(size);
    return cut;
  }

  std::string_view text_;
};

constexpr double kYear10000Seconds = 253'402'300'800;  // who says a later one is no process

struct Sample {
  std::string_view name;
  double value = 0;
};

// {name="value",...}; true as well where there is none.
bool SkipLabels(Rest& rest) {
  if (!rest.Take('{')) return true;
  for (;;) {
    rest.SkipBlanks();
    if (rest.Take('}')) return true;
    if (rest.Name(/*of_metric=*/false).empty()) return false;
    rest.SkipBlanks();
    if (!rest.Take('=')) return false;
    rest.SkipBlanks();
    if (!rest.SkipQuoted()) return false;
    rest.SkipBlanks();
    if (!rest.Take(',')) return rest.Take('}');
  }
}

// Or what was expected.
Result<Sample> ParseSample(std::string_view line) {
  const auto expected = [](const char* what) {
    return Fail(ErrorCode::kWrongFormat, std::string("expected ") + what);
  };
  Rest rest(line);
  rest.SkipBlanks();
  Sample sample;
  sample.name = rest.Name(/*of_metric=*/true);
  if (sample.name.empty()) return expected("the name of a metric");
  rest.SkipBlanks();
  if (!SkipLabels(rest)) return expected("labels such as {code=\"200\"}");
  rest.SkipBlanks();
  const auto value = rest.Number();
  if (!value) return expected("a number");
  sample.value = *value;
  rest.SkipBlanks();
  if (!rest.empty() && !rest.Number()) return expected("a timestamp or the end of the line");
  rest.SkipBlanks();
  if (!rest.empty()) return expected("the end of the line");
  return sample;
}

struct Reading {
  std::string_view name;
  int count = 0;
  double value = 0;

  std::optional<double> Value() const {
    if (count != 1 || !(value >= 0)) return std::nullopt;
    return value;
  }

  // Go says that there is no limit by the largest there could be.
  std::optional<std::int64_t> Whole() const {
    constexpr double kMost = 1e18;
    if (count != 1 || !(value > 0 && value < kMost)) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }
};

}  // namespace

Result<ProcessMetrics> ParseProcessMetrics(std::string_view text) {
  std::array readings = {Reading{"process_resident_memory_bytes"},
                         Reading{"go_gc_gomemlimit_bytes"},
                         Reading{"process_start_time_seconds"},
                         Reading{"process_cpu_seconds_total"},
                         Reading{"go_cpu_classes_gc_total_cpu_seconds_total"},
                         Reading{"go_memstats_gc_cpu_fraction"}};
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    const auto sample = ParseSample(line);
    if (!sample) return Fail(sample.error().In("line " + std::to_string(number)));
    for (Reading& reading : readings) {
      if (reading.name != sample->name) continue;
      ++reading.count;
      reading.value = sample->value;
    }
  }
  ProcessMetrics metrics{.resident_bytes = readings[0].Whole(),
                         .memory_limit_bytes = readings[1].Whole(),
                         .started = {},
                         .cpu_seconds = readings[3].Value(),
                         .gc_cpu_seconds = readings[4].Value(),
                         .gc_cpu_fraction = readings[5].Value()};
  const Reading& start = readings[2];
  if (start.Whole() && start.value < kYear10000Seconds)
    metrics.started = Time(Duration(static_cast<std::int64_t>(start.value * 1000)));
  return metrics;
}

std::optional<double> GcCpuShare(const std::optional<ProcessMetrics>& before,
                                 const ProcessMetrics& now) {
  if (before && before->cpu_seconds && before->gc_cpu_seconds && now.cpu_seconds &&
      now.gc_cpu_seconds) {
    const double cpu = *now.cpu_seconds - *before->cpu_seconds;
    const double gc = *now.gc_cpu_seconds - *before->gc_cpu_seconds;
    // Less than before: another process. The two clocks are not read at the same instant.
    if (cpu > 0 && gc >= 0) return std::min(1.0, gc / cpu);
  }
  return now.gc_cpu_fraction;
}

}  // namespace heapwatch
