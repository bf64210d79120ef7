// gperftools' text dumps, and Go's debug=1 text, which has comments besides.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/go_text.h"
#include "analysis/profile/text_decode.h"
#include "analysis/profile/text_lines.h"
#include "analysis/profile/text_profile.h"

namespace heapwatch {
namespace {

// "heap_v2/524288", "heap/1048576", "heapprofile", "growth", or nothing: the mean bytes between two
// samples.
Result<std::int64_t> PeriodOf(std::string_view tag, const LineReader& reader) {
  const std::size_t slash = std::min(tag.find('/'), tag.size());
  const std::string_view kind = tag.substr(0, slash);
  std::string_view rest = tag.substr(std::min(slash + 1, tag.size()));
  if (kind.empty() || kind == "heapprofile" || kind == "growth" || kind == "growthz") return 1;
  if (kind.starts_with("fragmentation")) {
    return Fail(ErrorCode::kWrongFormat,
                "this is gperftools' fragmentation profile, not one of the heap: ask for "
                "/pprof/heap");
  }
  if (kind != "heap" && kind != "heap_v2" && kind != "heapz_v2") {
    return Fail(CorruptText("gperftools heap text", reader,
                            "unknown kind of profile \"" + std::string(kind.substr(0, 40)) + "\""));
  }
  const auto period = TakeNumber(rest);
  if (!period || *period < 0) {
    return Fail(CorruptText("gperftools heap text", reader, "no sampling period after \"@ heap\""));
  }
  if (*period == 0) {
    return Fail(ErrorCode::kUnavailable,
                "heap profiling is switched off in the target (sampling period 0): set "
                "runtime.MemProfileRate or TCMALLOC_SAMPLE_PARAMETER");
  }
  return kind == "heap" ? std::max<std::int64_t>(1, *period / 2) : *period;
}

class GperftoolsReader {
 public:
  GperftoolsReader(std::string_view text, std::size_t begin, const DecodeLimits& limits)
      : text_(text), reader_(text, begin), limits_(limits) {}

  Result<HeapProfile> Read() {
    std::string_view line;
    reader_.Next(line);
    Take(line, kGperftoolsMark);
    const auto total = TakeRecord(line);
    if (!total)
      return Fail(CorruptText(kName, reader_, "totals expected, as in \"1: 64 [2: 128] @\""));
    std::string_view tag;
    if (Take(line, "@")) {
      SkipSpaces(line);
      tag = line.substr(0, line.find_first_of(" \t"));
    }
    const Result<std::int64_t> period = PeriodOf(tag, reader_);
    if (!period) return Fail(period.error());
    is_go_ = IsGoText(text_);
    TextProfile profile(is_go_ || HasAlloc(*total), *period, MemoryMapOf(text_));
    if (auto read = ReadRecords(profile); !read) return Fail(read.error());
    return std::move(profile).Build();
  }

 private:
  static constexpr std::string_view kName = "gperftools heap text";

  Result<void> ReadRecords(TextProfile& profile) {
    std::string_view line;
    std::size_t count = 0;
    while (reader_.Next(line)) {
      if (is_go_) {
        if (const auto frame = ParseGoFrame(line)) {
          frames_.push_back(*frame);
          continue;
        }
      }
      if (line.empty() || line.starts_with('#')) continue;
      if (StartsMemoryMap(line)) break;
      Flush(profile);
      const auto record = TakeRecord(line);
      if (!record || !Take(line, "@")) {
        return Fail(
            CorruptText(kName, reader_, "a record expected, as in \"1: 64 [2: 128] @ 0x401234\""));
      }
      if (!TakeAddresses(line, limits_.stack_depth, addresses_)) {
        return Fail(CorruptText(
            kName, reader_,
            "no list of addresses, or more than " + std::to_string(limits_.stack_depth)));
      }
      if (++count > limits_.samples) {
        return Fail(ErrorCode::kLimit, "more than " + std::to_string(limits_.samples) + " records");
      }
      pending_ = record;
    }
    Flush(profile);
    return {};
  }

  // A record is complete once the comments below it have been read.
  void Flush(TextProfile& profile) {
    if (pending_) {
      stack_.clear();
      if (!frames_.empty()) {
        AddGoStack(frames_, profile, stack_);
      } else {
        for (const std::uint64_t at : addresses_) stack_.push_back(profile.AtReturnAddress(at));
      }
      // One record of Go is of one size; the others mix sizes.
      const Recorded& of = pending_->alloc;
      profile.AddSample(stack_, *pending_, is_go_ && of.count > 0 ? of.bytes / of.count : 0);
    }
    pending_.reset();
    frames_.clear();
  }

  std::string_view text_;
  LineReader reader_;
  const DecodeLimits& limits_;
  bool is_go_ = false;
  std::optional<Record> pending_;
  std::vector<std::uint64_t> addresses_;
  std::vector<LocationId> stack_;
  std::vector<GoFrame> frames_;
};

}  // namespace

Result<HeapProfile> DecodeGperftoolsText(std::string_view text, std::size_t begin,
                                         const DecodeLimits& limits) {
  return GperftoolsReader(text, begin, limits).Read();
}

}  // namespace heapwatch
