#include "analysis/profile/text_decode.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/profile/memory_map.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/profile/text_lines.h"
#include "analysis/profile/unsample.h"

namespace heapwatch {
namespace {

constexpr std::string_view kGperftoolsMark = "heap profile:";
constexpr std::string_view kJemallocMark = "heap_v2/";
constexpr std::size_t kHeaderSearchBytes = 256U << 10;

// "n: b [N: B]"
struct Record {
  Recorded inuse;
  Recorded alloc;
};

std::optional<Record> TakeRecord(std::string_view& line) {
  const auto pair = [&line](Recorded& out) {
    const auto count = TakeNumber(line);
    if (!count || !Take(line, ":")) return false;
    const auto bytes = TakeNumber(line);
    if (!bytes) return false;
    out = {.count = *count, .bytes = *bytes};
    return true;
  };
  Record record;
  if (!pair(record.inuse) || !Take(line, "[") || !pair(record.alloc) || !Take(line, "]")) {
    return std::nullopt;
  }
  return record;
}

// Programs that count frees only print the same pair twice, or zeros: they have no alloc data.
bool HasAlloc(const Record& total) {
  return total.alloc != Recorded{} && total.alloc != total.inuse;
}

bool StartsMemoryMap(std::string_view line) {
  return line.starts_with("MAPPED_LIBRARIES:") || line.starts_with("--- Memory map: ---");
}

Error Corrupt(std::string_view format, const LineReader& reader, std::string_view what) {
  std::string message(format);
  message += ", " + reader.Place() + ": ";
  message += what;
  if (reader.IsLast()) message += "; it is the last line, so the dump may have been cut short";
  return Error{ErrorCode::kCorrupt, std::move(message)};
}

// " 0x1 0x2 ...", leaf first. False where something else stands among them, or they are too many.
bool TakeAddresses(std::string_view text, std::size_t limit,
                   std::vector<std::uint64_t>& addresses) {
  addresses.clear();
  for (SkipSpaces(text); !text.empty(); SkipSpaces(text)) {
    const auto address = TakeHex(text);
    if (!address || addresses.size() >= limit) return false;
    addresses.push_back(*address);
  }
  return true;
}

// Turns the addresses and names of dumps into the builder's locations; each address is looked at
// once.
class TextProfile {
 public:
  TextProfile(bool has_alloc, std::int64_t period_bytes, std::string_view memory_map)
      : has_alloc_(has_alloc),
        period_bytes_(period_bytes),
        mappings_(ParseMemoryMap(memory_map)),
        builder_(Types(has_alloc)) {
    for (const Mapping& mapping : mappings_) mapping_ids_.push_back(builder_.AddMapping(mapping));
  }

  // A return address: the call is one byte before it at the latest.
  LocationId AtReturnAddress(std::uint64_t address) {
    const std::uint64_t call = address == 0 ? 0 : address - 1;
    const auto known = Known(call);
    return known ? *known : Add(call, {});
  }

  std::optional<LocationId> Known(std::uint64_t call) const {
    const auto known = locations_.find(call);
    if (known == locations_.end()) return std::nullopt;
    return known->second;
  }
  LocationId Add(std::uint64_t call, std::span<const Line> lines) {
    Location location{.address = call};
    if (const auto mapping = FindMapping(mappings_, call))
      location.mapping = mapping_ids_[*mapping];
    return locations_[call] = builder_.AddLocation(location, lines);
  }
  FunctionId AddFunction(const Function& function) { return builder_.AddFunction(function); }

  void AddSample(std::span<const LocationId> stack, const Record& record,
                 std::int64_t block_bytes) {
    const Recorded inuse = Unsample(record.inuse, period_bytes_);
    const StackId id = builder_.AddStack(stack);
    if (!has_alloc_) return builder_.AddSample(id, block_bytes, {inuse.count, inuse.bytes});
    const Recorded alloc = Unsample(record.alloc, period_bytes_);
    builder_.AddSample(id, block_bytes, {alloc.count, alloc.bytes, inuse.count, inuse.bytes});
  }

  HeapProfile Build() && {
    HeapProfile profile = std::move(builder_).Build();
    profile.period_type = {.type = "space", .unit = "bytes"};
    profile.sampling_period_bytes = period_bytes_;
    return profile;
  }

 private:
  static std::vector<SampleType> Types(bool has_alloc) {
    std::vector<SampleType> types;
    if (has_alloc) types = {{"alloc_objects", "count"}, {"alloc_space", "bytes"}};
    types.push_back({"inuse_objects", "count"});
    types.push_back({"inuse_space", "bytes"});
    return types;
  }

  bool has_alloc_;
  std::int64_t period_bytes_;
  std::vector<Mapping> mappings_;
  std::vector<MappingId> mapping_ids_;
  ProfileBuilder builder_;
  std::unordered_map<std::uint64_t, LocationId> locations_;
};

std::string_view MemoryMapOf(std::string_view text) {
  for (const std::string_view mark : {"\nMAPPED_LIBRARIES:", "\n--- Memory map: ---"}) {
    const std::size_t at = text.find(mark);
    if (at != std::string_view::npos) return text.substr(at + mark.size());
  }
  return {};
}

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
    return Fail(Corrupt("gperftools heap text", reader,
                        "unknown kind of profile \"" + std::string(kind.substr(0, 40)) + "\""));
  }
  const auto period = TakeNumber(rest);
  if (!period || *period < 0) {
    return Fail(Corrupt("gperftools heap text", reader, "no sampling period after \"@ heap\""));
  }
  if (*period == 0) {
    return Fail(ErrorCode::kUnavailable,
                "heap profiling is switched off in the target (sampling period 0): set "
                "runtime.MemProfileRate or TCMALLOC_SAMPLE_PARAMETER");
  }
  return kind == "heap" ? std::max<std::int64_t>(1, *period / 2) : *period;
}

// The comments under a record of Go's debug=1 text, each a frame:
//   #\t0x2708051\tgithub.com/acme/store.(*Log).Append+0x151\t\tgithub.com/acme/store/log.go:98
struct GoFrame {
  std::uint64_t address = 0;
  std::string_view function;
  std::string_view file;
  std::int64_t line = 0;
};

std::optional<GoFrame> ParseGoFrame(std::string_view line) {
  if (!line.starts_with("#\t0x")) return std::nullopt;
  line.remove_prefix(1);
  GoFrame frame;
  const auto address = TakeHex(line);
  if (!address || !line.starts_with('\t')) return std::nullopt;
  frame.address = *address;
  line.remove_prefix(1);
  const std::size_t tab = std::min(line.find('\t'), line.size());
  frame.function = line.substr(0, tab);
  const std::size_t plus = frame.function.rfind("+0x");
  if (plus != std::string_view::npos) frame.function = frame.function.substr(0, plus);
  std::string_view place = line.substr(tab);
  SkipSpaces(place);
  const std::size_t colon = place.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view number = place.substr(colon + 1);
    frame.line = TakeNumber(number).value_or(0);
    place = place.substr(0, colon);
  }
  frame.file = place;
  return frame;
}

// Go prints the frames of inlined calls with the address they share.
void AddGoStack(std::span<const GoFrame> frames, TextProfile& profile,
                std::vector<LocationId>& stack) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i + 1;
    while (end < frames.size() && frames[end].address == frames[i].address) ++end;
    auto location = profile.Known(frames[i].address);
    if (!location) {
      lines.clear();
      for (const GoFrame& frame : frames.subspan(i, end - i)) {
        const FunctionId function =
            profile.AddFunction({.name = frame.function, .file = frame.file});
        lines.push_back({.function = function, .line = frame.line});
      }
      location = profile.Add(frames[i].address, lines);
    }
    stack.push_back(*location);
    i = end;
  }
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
    if (!total) return Fail(Corrupt(kName, reader_, "totals expected, as in \"1: 64 [2: 128] @\""));
    std::string_view tag;
    if (Take(line, "@")) {
      SkipSpaces(line);
      tag = line.substr(0, line.find_first_of(" \t"));
    }
    const Result<std::int64_t> period = PeriodOf(tag, reader_);
    if (!period) return Fail(period.error());
    // Go records what was allocated even where nothing of it has been freed yet.
    is_go_ = text_.find("\n#\t0x") != std::string_view::npos ||
             text_.find("\n# runtime.MemStats") != std::string_view::npos;
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
            Corrupt(kName, reader_, "a record expected, as in \"1: 64 [2: 128] @ 0x401234\""));
      }
      if (!TakeAddresses(line, limits_.stack_depth, addresses_)) {
        return Fail(
            Corrupt(kName, reader_,
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

class JemallocReader {
 public:
  JemallocReader(std::string_view text, std::size_t begin, const DecodeLimits& limits)
      : text_(text), reader_(text, begin), limits_(limits) {}

  Result<HeapProfile> Read() {
    std::string_view line;
    reader_.Next(line);
    Take(line, kJemallocMark);
    const auto period = TakeNumber(line);
    if (!period || *period < 0) return Fail(Corrupt(kName, reader_, "no sampling period"));
    if (*period == 0) {
      return Fail(ErrorCode::kUnavailable,
                  "heap profiling is switched off in the target (heap_v2/0): run it with "
                  "MALLOC_CONF=prof:true,prof_active:true");
    }
    if (!reader_.Next(line)) return Fail(Corrupt(kName, reader_, "the totals (t*) are missing"));
    const auto total = TakeTotal(line);
    if (!total) return Fail(Corrupt(kName, reader_, "totals expected, as in \"t*: 1: 64 [0: 0]\""));
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
          return Fail(
              Corrupt(kName, reader_,
                      "no list of addresses, or more than " + std::to_string(limits_.stack_depth)));
        }
        has_stack = true;
        continue;
      }
      if (line.starts_with("t") && !line.starts_with("t*")) continue;
      const auto record = TakeTotal(line);
      if (!record || !has_stack) {
        return Fail(
            Corrupt(kName, reader_, "\"@ addresses\" or a row \"t*: 1: 64 [0: 0]\" expected"));
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

bool IsText(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\x1b';
  });
}

}  // namespace

std::optional<TextHeader> FindTextHeader(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kHeaderSearchBytes);
  for (std::size_t at = 0; at < head.size();) {
    const std::string_view rest = head.substr(at);
    std::optional<TextFormat> format;
    if (rest.starts_with(kGperftoolsMark)) format = TextFormat::kGperftools;
    if (rest.starts_with(kJemallocMark)) format = TextFormat::kJemalloc;
    if (format) {
      if (!IsText(head.substr(0, at))) return std::nullopt;
      return TextHeader{.format = *format, .begin = at};
    }
    const std::size_t end = head.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

Result<HeapProfile> DecodeText(std::string_view bytes, const TextHeader& header,
                               const DecodeLimits& limits) {
  if (header.format == TextFormat::kJemalloc) {
    return JemallocReader(bytes, header.begin, limits).Read();
  }
  return GperftoolsReader(bytes, header.begin, limits).Read();
}

}  // namespace heapwatch
