#include "analysis/series/stack_table.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>

#include "analysis/series/byte_io.h"

namespace heapwatch {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kTextPieceBytes = 64U << 10;

// The number that begins a location: its flags, and above them how many lines it has.
constexpr std::uint64_t kFolded = 1;
constexpr std::uint64_t kHasFile = 2;
constexpr unsigned kLineCountShift = 2;

// What the linker calls the function is told in full only where it differs from the name.
constexpr std::uint64_t kSameSystemName = 1;

tl::unexpected<Error> Corrupt(std::string_view what) {
  return Fail(ErrorCode::kCorrupt, "the entry of a " + std::string(what) + " does not make sense");
}

struct EntryLine {
  ContentHash function;
  std::int64_t line;
  std::int64_t column;
};

struct EntryLocation {
  bool is_folded = false;
  bool has_file = false;
  std::vector<EntryLine> lines;
  std::string_view file;
  std::string_view build_id;
  std::uint64_t address = 0;  // or the offset in the file
};

void WriteLocation(const HeapProfile& profile, const Location& location,
                   std::span<const ContentHash> function_hashes, ByteWriter& out) {
  const bool has_file = location.line_count == 0 && location.mapping.has_value();
  out.Varint((location.is_folded ? kFolded : 0) | (has_file ? kHasFile : 0) |
             std::uint64_t{location.line_count} << kLineCountShift);
  for (const Line& line : profile.lines_of(location)) {
    out.Hash(function_hashes[line.function.index()]);
    out.Zigzag(line.line);
    out.Zigzag(line.column);
  }
  if (location.line_count > 0) return;
  std::uint64_t address = location.address;
  if (has_file) {
    const Mapping& mapping = profile.mappings[location.mapping->index()];
    out.Text(mapping.file);
    out.Text(mapping.build_id);
    address += mapping.file_offset - mapping.start;
  }
  out.Varint(address);
}

EntryLocation ReadLocation(ByteReader& in) {
  EntryLocation location;
  const std::uint64_t flags = in.Varint();
  location.is_folded = (flags & kFolded) != 0;
  location.has_file = (flags & kHasFile) != 0;
  const std::uint64_t line_count = flags >> kLineCountShift;
  if (line_count > in.left()) in.Fail();
  for (std::uint64_t i = 0; in.ok() && i < line_count; ++i) {
    const ContentHash function = in.Hash();
    const std::int64_t line = in.Zigzag();
    location.lines.push_back({function, line, in.Zigzag()});
  }
  if (line_count > 0) return location;
  if (location.has_file) {
    location.file = in.Text();
    location.build_id = in.Text();
  }
  location.address = in.Varint();
  return location;
}

}  // namespace

DictionaryEntry EncodeFunction(const Function& function) {
  DictionaryEntry entry;
  ByteWriter out(entry.bytes);
  const bool same = function.system_name == function.name;
  out.Varint(same ? kSameSystemName : 0);
  out.Text(function.name);
  if (!same) out.Text(function.system_name);
  out.Text(function.file);
  out.Zigzag(function.start_line);
  const XXH128_hash_t hash = XXH3_128bits(entry.bytes.data(), entry.bytes.size());
  entry.hash = {hash.high64, hash.low64};
  return entry;
}

std::string EncodeStack(const HeapProfile& profile, StackId stack,
                        std::span<const ContentHash> function_hashes) {
  std::string entry;
  ByteWriter out(entry);
  const auto locations = profile.stack(stack);
  out.Varint(locations.size());
  for (const LocationId id : locations) {
    WriteLocation(profile, profile.locations[id.index()], function_hashes, out);
  }
  return entry;
}

Result<std::vector<ContentHash>> FunctionsOf(std::string_view stack_entry) {
  ByteReader in(stack_entry);
  std::vector<ContentHash> functions;
  const std::size_t location_count = in.Count();
  for (std::size_t i = 0; i < location_count && in.ok(); ++i) {
    for (const EntryLine& line : ReadLocation(in).lines) functions.push_back(line.function);
  }
  if (!in.ok() || !in.done()) return Corrupt("stack");
  return functions;
}

std::string_view StackTable::Keep(std::string_view text) {
  if (text.empty()) return {};
  if (const auto known = interned_.find(text); known != interned_.end()) return known->second;
  if (!open_text_ || open_text_->capacity() - open_text_->size() < text.size()) {
    open_text_ = std::make_shared<std::string>();
    open_text_->reserve(std::max(text.size(), kTextPieceBytes));
    text_.push_back(open_text_);
    size_bytes_ += open_text_->capacity();
  }
  const std::size_t begin = open_text_->size();
  open_text_->append(text);
  const std::string_view kept = std::string_view(*open_text_).substr(begin);
  interned_.emplace(kept, kept);
  size_bytes_ += 8 * sizeof(void*);
  return kept;
}

Result<std::uint32_t> StackTable::FunctionNumber(const ContentHash& hash,
                                                 const FindFunction& find) {
  if (const auto known = function_numbers_.find(hash); known != function_numbers_.end()) {
    return known->second;
  }
  const auto entry = find(hash);
  if (!entry) return Fail(entry.error());
  ByteReader in(*entry);
  Function function;
  const std::uint64_t flags = in.Varint();
  function.name = Keep(in.Text());
  function.system_name = (flags & kSameSystemName) != 0 ? function.name : Keep(in.Text());
  function.file = Keep(in.Text());
  function.start_line = in.Zigzag();
  if (!in.ok() || !in.done()) return Corrupt("function");
  const auto number = static_cast<std::uint32_t>(functions_.size());
  functions_.push_back(function);
  function_numbers_.emplace(hash, number);
  size_bytes_ += sizeof(Function) + sizeof(ContentHash) + 4 * sizeof(void*);
  return number;
}

Result<void> StackTable::Add(const ContentHash& stack, std::string_view entry,
                             const FindFunction& find) {
  ByteReader in(entry);
  const std::size_t location_count = in.Count();
  std::vector<std::uint32_t> numbers;
  numbers.reserve(location_count);
  for (std::size_t i = 0; i < location_count; ++i) {
    const std::size_t left = in.left();
    const EntryLocation read = ReadLocation(in);
    if (!in.ok()) return Corrupt("stack");
    std::string key(entry.substr(entry.size() - left, left - in.left()));
    if (const auto known = location_numbers_.find(key); known != location_numbers_.end()) {
      numbers.push_back(known->second);
      continue;
    }
    Location location;
    location.address = read.address;
    location.is_folded = read.is_folded;
    location.first_line = static_cast<std::uint32_t>(lines_.size());
    location.line_count = static_cast<std::uint32_t>(read.lines.size());
    std::vector<Line> lines;
    for (const EntryLine& line : read.lines) {
      const auto function = FunctionNumber(line.function, find);
      if (!function) return Fail(function.error());
      lines.push_back({FunctionId(*function), line.line, line.column});
    }
    lines_.insert(lines_.end(), lines.begin(), lines.end());
    file_of_location_.push_back(read.has_file ? static_cast<std::uint32_t>(file_offsets_.size())
                                              : kNone);
    if (read.has_file) {
      file_offsets_.push_back({Keep(read.file), Keep(read.build_id), read.address});
    }
    numbers.push_back(static_cast<std::uint32_t>(locations_.size()));
    size_bytes_ += sizeof(Location) + lines.size() * sizeof(Line) + key.size() + 8 * sizeof(void*);
    location_numbers_.emplace(std::move(key), static_cast<std::uint32_t>(locations_.size()));
    locations_.push_back(location);
  }
  if (!in.done()) return Corrupt("stack");
  stacks_.emplace(stack, Range{static_cast<std::uint32_t>(stack_locations_.size()),
                               static_cast<std::uint32_t>(numbers.size())});
  stack_locations_.insert(stack_locations_.end(), numbers.begin(), numbers.end());
  size_bytes_ += sizeof(ContentHash) + numbers.size() * sizeof(numbers[0]) + 4 * sizeof(void*);
  return {};
}

// Copies what the wanted stacks need, numbered anew.
class StackTable::Rebuild {
 public:
  Rebuild(const StackTable& table, HeapProfile profile)
      : table_(table),
        profile_(std::move(profile)),
        location_ids_(table.locations_.size(), kNone),
        function_ids_(table.functions_.size(), kNone) {
    profile_.text.insert(profile_.text.end(), table.text_.begin(), table.text_.end());
  }

  // With `map_files`, files that no mapping of the profile covers get one of their own at 0.
  HeapProfile Run(std::span<const ContentHash> stacks, bool map_files) && {
    map_files_ = map_files;
    profile_.stack_hashes.assign(stacks.begin(), stacks.end());
    std::vector<LocationId> frames;
    for (const ContentHash& hash : stacks) {
      const Range range = table_.stacks_.at(hash);
      frames.clear();
      for (std::uint32_t i = 0; i < range.count; ++i) {
        frames.push_back(LocationOf(table_.stack_locations_[range.begin + i]));
      }
      profile_.stacks.Add(frames);
    }
    return std::move(profile_);
  }

 private:
  LocationId LocationOf(std::uint32_t number) {
    std::uint32_t& id = location_ids_[number];
    if (id != kNone) return LocationId(id);
    id = static_cast<std::uint32_t>(profile_.locations.size());
    Location location = table_.locations_[number];
    const std::uint32_t first = location.first_line;
    location.first_line = static_cast<std::uint32_t>(profile_.lines.size());
    for (std::uint32_t i = 0; i < location.line_count; ++i) {
      Line line = table_.lines_[first + i];
      line.function = FunctionOf(line.function);
      profile_.lines.push_back(line);
    }
    const std::uint32_t file = table_.file_of_location_[number];
    if (file != kNone) {
      Place(table_.file_offsets_[file], location);
    } else if (location.line_count > 0 && profile_.mappings.size() == 1) {
      location.mapping = MappingId(0U);
    }
    profile_.locations.push_back(location);
    return LocationId(id);
  }

  FunctionId FunctionOf(FunctionId number) {
    std::uint32_t& id = function_ids_[number.index()];
    if (id == kNone) {
      id = static_cast<std::uint32_t>(profile_.functions.size());
      profile_.functions.push_back(table_.functions_[number.index()]);
    }
    return FunctionId(id);
  }

  static bool IsSameFile(const Mapping& mapping, const FileOffset& place) {
    return place.build_id.empty() ? mapping.build_id.empty() && mapping.file == place.file
                                  : mapping.build_id == place.build_id;
  }

  // The mapping of this file that covers the offset; else, for producers that tell no bounds, the
  // file's first.
  std::optional<MappingId> MappingOf(const FileOffset& place) const {
    std::optional<MappingId> first;
    for (std::size_t i = 0; i < profile_.mappings.size(); ++i) {
      const Mapping& mapping = profile_.mappings[i];
      if (!IsSameFile(mapping, place)) continue;
      if (place.offset - mapping.file_offset < mapping.limit - mapping.start) return MappingId(i);
      if (!first) first = MappingId(i);
    }
    return first;
  }

  void Place(const FileOffset& place, Location& location) {
    location.mapping = MappingOf(place);
    if (location.mapping) {
      const Mapping& mapping = profile_.mappings[location.mapping->index()];
      location.address = place.offset - mapping.file_offset + mapping.start;
      return;
    }
    if (!map_files_) return;
    location.mapping = MappingId(profile_.mappings.size());
    Mapping mapping;
    mapping.limit = std::numeric_limits<std::uint64_t>::max();
    mapping.file = place.file;
    mapping.build_id = place.build_id;
    profile_.mappings.push_back(mapping);
  }

  const StackTable& table_;
  HeapProfile profile_;
  std::vector<std::uint32_t> location_ids_;
  std::vector<std::uint32_t> function_ids_;
  bool map_files_ = false;
};

HeapProfile StackTable::Build(const HeapProfile& head, std::span<const ContentHash> stacks) const {
  return Rebuild(*this, head).Run(stacks, false);
}

HeapProfile StackTable::BuildUnmapped(std::span<const ContentHash> stacks) const {
  return Rebuild(*this, HeapProfile()).Run(stacks, true);
}

}  // namespace heapwatch
