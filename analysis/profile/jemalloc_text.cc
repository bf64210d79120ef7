// jemalloc's text dumps.
#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/text_decode.h"
#include "analysis/profile/text_lines.h"
#include "analysis/profile/text_profile.h"

namespace heapwatch {
namespace {

class JemallocReader {
 public:
  JemallocReader(std::string_view text, std::size_t begin, const DecodeLimits& limits)
      : text_(text), reader_(text, begin), limits_(limits) {}

  Result<HeapProfile> Read() {
    std::string_view line;
    reader_.Next(line);
    Take(line, kJemallocMark);
    const auto period = TakeNumber(line);
    if (!period || *period < 0) return Fail(CorruptText(kName, reader_, "no sampling period"));
    if (*period == 0) {
      return Fail(ErrorCode::kUnavailable,
                  "heap profiling is switched off in the target (heap_v2/0): run it with "
                  "MALLOC_CONF=prof:true,prof_active:true");
    }
    if (!reader_.Next(line))
      return Fail(CorruptText(kName, reader_, "the totals (t*) are missing"));
    const auto total = TakeTotal(line);
    if (!total)
      return Fail(CorruptText(kName, reader_, "totals expected, as in \"t*: 1: 64 [0: 0]\""));
    TextProfile profile(HasAlloc(*total), *period, MemoryMapOf(text_));
    if (auto read = ReadStacks(profile); !read) return Fail(read.error());
    return std::move(profile).Build();
  }

 private:
  static constexpr std::string_view kName = "jemalloc heap_v2 text";

  static std::optional<Record> TakeTotal(std::string_view line) {
    if (!Take(line, "t*:")) return std::nullopt;
    return TakeRecord(line);
  }

  // The rows of single threads (t0, t1, ...) add up to the row of all (t*), which alone is read.
  Result<void> ReadStacks(TextProfile& profile) {
    std::string_view line;
    std::vector<std::uint64_t> addresses;
    std::vector<LocationId> stack;
    std::size_t count = 0;
    bool has_stack = false;
    while (reader_.Next(line)) {
      SkipSpaces(line);
      if (line.empty() || line.starts_with('#')) continue;
      if (StartsMemoryMap(line)) break;
      if (Take(line, "@")) {
        if (!TakeAddresses(line, limits_.stack_depth, addresses)) {
          return Fail(CorruptText(
              kName, reader_,
              "no list of addresses, or more than " + std::to_string(limits_.stack_depth)));
        }
        has_stack = true;
        continue;
      }
      if (line.starts_with("t") && !line.starts_with("t*")) continue;
      const auto record = TakeTotal(line);
      if (!record || !has_stack) {
        return Fail(
            CorruptText(kName, reader_, "\"@ addresses\" or a row \"t*: 1: 64 [0: 0]\" expected"));
      }
      if (++count > limits_.samples) {
        return Fail(ErrorCode::kLimit, "more than " + std::to_string(limits_.samples) + " records");
      }
      stack.clear();
      for (const std::uint64_t address : addresses)
        stack.push_back(profile.AtReturnAddress(address));
      profile.AddSample(stack, *record, 0);
      has_stack = false;
    }
    return {};
  }

  std::string_view text_;
  LineReader reader_;
  const DecodeLimits& limits_;
};

}  // namespace

Result<HeapProfile> DecodeJemallocText(std::string_view text, std::size_t begin,
                                       const DecodeLimits& limits) {
  return JemallocReader(text, begin, limits).Read();
}

}  // namespace heapwatch
