// What the text formats have in common: records of "count: bytes [count: bytes]", lists of return
// addresses, a memory map at the end, and the HeapProfile these make. Used by the readers of those
// formats only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/profile/seeded_hash.h"
#include "analysis/profile/text_lines.h"
#include "analysis/profile/unsample.h"

namespace heapwatch {

// "n: b [N: B]"
struct Record {
  Recorded inuse;
  Recorded alloc;
};

std::optional<Record> TakeRecord(std::string_view& line);

// Programs that count frees only print the same pair twice, or zeros: they have no alloc data.
bool HasAlloc(const Record& total);

bool StartsMemoryMap(std::string_view line);
std::string_view MemoryMapOf(std::string_view text);

// Names the format and the place of the line read last.
Error CorruptText(std::string_view format, const LineReader& reader, std::string_view what);

// " 0x1 0x2 ...", leaf first. False where something else stands among them, or they are too many.
bool TakeAddresses(std::string_view text, std::size_t limit, std::vector<std::uint64_t>& addresses);

// Turns the addresses and names of dumps into the builder's locations; each address is looked at
// once. Values are unsampled as they are added.
class TextProfile {
 public:
  TextProfile(bool has_alloc, std::int64_t period_bytes, std::string_view memory_map);

  // A return address: the call is one byte before it at the latest.
  LocationId AtReturnAddress(std::uint64_t address);
  std::optional<LocationId> Known(std::uint64_t call) const;
  LocationId Add(std::uint64_t call, std::span<const Line> lines);
  FunctionId AddFunction(const Function& function) { return builder_.AddFunction(function); }
  void AddSample(std::span<const LocationId> stack, const Record& record, std::int64_t block_bytes);

  HeapProfile Build() &&;

 private:
  bool has_alloc_;
  std::int64_t period_bytes_;
  std::vector<Mapping> mappings_;
  std::vector<MappingId> mapping_ids_;
  ProfileBuilder builder_;
  std::unordered_map<std::uint64_t, LocationId, SeededHash> locations_;
};

}  // namespace heapwatch
