#include "analysis/profile/text_profile.h"

#include <string>
#include <utility>

#include "analysis/profile/decode.h"
#include "analysis/profile/memory_map.h"

namespace heapwatch {
namespace {

std::vector<SampleType> Types(bool has_alloc) {
  std::vector<SampleType> types;
  if (has_alloc) types = {{"alloc_objects", "count"}, {"alloc_space", "bytes"}};
  types.push_back({"inuse_objects", "count"});
  types.push_back({"inuse_space", "bytes"});
  return types;
}

}  // namespace

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

bool HasAlloc(const Record& total) {
  return total.alloc != Recorded{} && total.alloc != total.inuse;
}

bool StartsMemoryMap(std::string_view line) {
  return line.starts_with("MAPPED_LIBRARIES:") || line.starts_with("--- Memory map: ---");
}

std::string_view MemoryMapOf(std::string_view text) {
  for (const std::string_view mark : {"\nMAPPED_LIBRARIES:", "\n--- Memory map: ---"}) {
    const std::size_t at = text.find(mark);
    if (at != std::string_view::npos) return text.substr(at + mark.size());
  }
  return {};
}

Error CorruptText(std::string_view format, const LineReader& reader, std::string_view what) {
  std::string message(format);
  message += ", " + reader.Place() + ": ";
  message += what;
  if (reader.IsLast()) message += "; it is the last line, so the dump may have been cut short";
  return Error{ErrorCode::kCorrupt, std::move(message)};
}

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

TextProfile::TextProfile(bool has_alloc, std::int64_t period_bytes, std::string_view memory_map)
    : has_alloc_(has_alloc),
      period_bytes_(period_bytes),
      mappings_(ParseMemoryMap(memory_map)),
      builder_(Types(has_alloc)) {
  for (Mapping& mapping : mappings_) {
    mapping.file = mapping.file.substr(0, kMostTextBytes);
    mapping_ids_.push_back(builder_.AddMapping(mapping));
  }
}

LocationId TextProfile::AtReturnAddress(std::uint64_t address) {
  const std::uint64_t call = address == 0 ? 0 : address - 1;
  const auto known = Known(call);
  return known ? *known : Add(call, {});
}

std::optional<LocationId> TextProfile::Known(std::uint64_t call) const {
  const auto known = locations_.find(call);
  if (known == locations_.end()) return std::nullopt;
  return known->second;
}

LocationId TextProfile::Add(std::uint64_t call, std::span<const Line> lines) {
  Location location{.address = call};
  if (const auto mapping = FindMapping(mappings_, call)) location.mapping = mapping_ids_[*mapping];
  return locations_[call] = builder_.AddLocation(location, lines);
}

void TextProfile::AddSample(std::span<const LocationId> stack, const Record& record,
                            std::int64_t block_bytes) {
  const Recorded inuse = Unsample(record.inuse, period_bytes_);
  const StackId id = builder_.AddStack(stack);
  if (!has_alloc_) return builder_.AddSample(id, block_bytes, {inuse.count, inuse.bytes});
  const Recorded alloc = Unsample(record.alloc, period_bytes_);
  builder_.AddSample(id, block_bytes, {alloc.count, alloc.bytes, inuse.count, inuse.bytes});
}

HeapProfile TextProfile::Build() && {
  HeapProfile profile = std::move(builder_).Build();
  profile.period_type = {.type = "space", .unit = "bytes"};
  profile.sampling_period_bytes = period_bytes_;
  return profile;
}

}  // namespace heapwatch
