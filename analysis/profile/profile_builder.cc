#include "analysis/profile/profile_builder.h"

#include <cassert>
#include <utility>

#include "analysis/profile/stack_hash.h"

namespace heapwatch {
namespace {

// Writes the parts of a key so that no two different sequences of parts give the same bytes.
class Key {
 public:
  explicit Key(char kind) : bytes_(1, kind) {}
  Key& Add(std::uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
  }
  Key& Add(std::int64_t number) { return Add(static_cast<std::uint64_t>(number)); }
  Key& Add(std::string_view text) {
    Add(std::uint64_t{text.size()});
    bytes_.append(text);
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

std::size_t ProfileBuilder::SampleKeyHash::operator()(const SampleKey& key) const {
  const auto mixed = static_cast<std::uint64_t>(key.block_bytes) * 0x9E3779B97F4A7C15U;
  return (mixed ^ (mixed >> 32) ^ key.stack.value()) * 0xD6E8FEB86659FD93U;
}

ProfileBuilder::ProfileBuilder(std::vector<SampleType> sample_types) {
  profile_.sample_types = std::move(sample_types);
}

std::string_view ProfileBuilder::Intern(std::string_view text) {
  if (text.empty()) return {};
  const auto known = texts_.find(text);
  if (known != texts_.end()) return known->second;
  profile_.text.push_back(std::make_shared<const std::string>(text));
  const std::string_view kept = *profile_.text.back();
  texts_.emplace(kept, kept);
  return kept;
}

MappingId ProfileBuilder::AddMapping(const Mapping& mapping) {
  const std::uint64_t flags =
      (mapping.has_functions ? 1U : 0U) | (mapping.has_filenames ? 2U : 0U) |
      (mapping.has_line_numbers ? 4U : 0U) | (mapping.has_inline_frames ? 8U : 0U);
  Key key('m');
  key.Add(mapping.start).Add(mapping.limit).Add(mapping.file_offset).Add(flags);
  key.Add(mapping.file).Add(mapping.build_id);
  const auto [it, is_new] =
      known_.emplace(key.Take(), static_cast<std::uint32_t>(profile_.mappings.size()));
  if (is_new) {
    profile_.mappings.push_back(mapping);
    profile_.mappings.back().file = Intern(mapping.file);
    profile_.mappings.back().build_id = Intern(mapping.build_id);
  }
  return MappingId(it->second);
}

FunctionId ProfileBuilder::AddFunction(const Function& function) {
  Key key('f');
  key.Add(function.name).Add(function.system_name).Add(function.file).Add(function.start_line);
  const auto [it, is_new] =
      known_.emplace(key.Take(), static_cast<std::uint32_t>(profile_.functions.size()));
  if (is_new) {
    profile_.functions.push_back({.name = Intern(function.name),
                                  .system_name = Intern(function.system_name),
                                  .file = Intern(function.file),
                                  .start_line = function.start_line});
  }
  return FunctionId(it->second);
}

LocationId ProfileBuilder::AddLocation(const Location& location, std::span<const Line> lines) {
  Key key('l');
  key.Add(location.mapping ? std::uint64_t{location.mapping->value()} + 1 : std::uint64_t{0});
  key.Add(location.address).Add(std::uint64_t{location.is_folded ? 1U : 0U});
  for (const Line& line : lines) {
    key.Add(std::uint64_t{line.function.value()}).Add(line.line).Add(line.column);
  }
  const auto [it, is_new] =
      known_.emplace(key.Take(), static_cast<std::uint32_t>(profile_.locations.size()));
  if (is_new) {
    Location& added = profile_.locations.emplace_back(location);
    added.first_line = static_cast<std::uint32_t>(profile_.lines.size());
    added.line_count = static_cast<std::uint32_t>(lines.size());
    profile_.lines.insert(profile_.lines.end(), lines.begin(), lines.end());
    location_hashes_.push_back(HashLocation(profile_, added));
  }
  return LocationId(it->second);
}

LocationId ProfileBuilder::AddLocation(const Location& location,
                                       std::initializer_list<Line> lines) {
  return AddLocation(location, std::span(lines.begin(), lines.size()));
}

StackId ProfileBuilder::AddStack(std::span<const LocationId> locations) {
  stack_key_.clear();
  for (const LocationId id : locations) stack_key_.push_back(location_hashes_[id.index()]);
  const ContentHash hash = HashStack(stack_key_);
  const auto [it, is_new] = stacks_.emplace(hash, StackId(profile_.stack_count()));
  if (is_new) {
    profile_.stacks.Add(locations);
    profile_.stack_hashes.push_back(hash);
  }
  return it->second;
}

StackId ProfileBuilder::AddStack(std::initializer_list<LocationId> locations) {
  return AddStack(std::span(locations.begin(), locations.size()));
}

void ProfileBuilder::AddSample(StackId stack, std::int64_t block_bytes,
                               std::span<const std::int64_t> values) {
  const std::size_t width = profile_.sample_types.size();
  assert(values.size() == width);
  const auto [it, is_new] = samples_.emplace(SampleKey{.stack = stack, .block_bytes = block_bytes},
                                             static_cast<std::uint32_t>(profile_.samples.size()));
  if (!is_new) {
    for (std::size_t i = 0; i < width; ++i) {
      std::int64_t& value = profile_.values[it->second * width + i];
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) +
                                        static_cast<std::uint64_t>(values[i]));
    }
    return;
  }
  profile_.samples.push_back({.stack = stack, .block_bytes = block_bytes});
  profile_.values.insert(profile_.values.end(), values.begin(), values.end());
}

void ProfileBuilder::AddSample(StackId stack, std::int64_t block_bytes,
                               std::initializer_list<std::int64_t> values) {
  AddSample(stack, block_bytes, std::span(values.begin(), values.size()));
}

void ProfileBuilder::AddSample(std::span<const Frame> stack, std::int64_t block_bytes,
                               std::span<const std::int64_t> values) {
  std::vector<LocationId> locations;
  locations.reserve(stack.size());
  for (const Frame& frame : stack) {
    const FunctionId function =
        AddFunction({.name = frame.function, .file = frame.file, .start_line = frame.start_line});
    locations.push_back(AddLocation({}, {Line{.function = function, .line = frame.line}}));
  }
  AddSample(AddStack(locations), block_bytes, values);
}

void ProfileBuilder::AddSample(std::initializer_list<Frame> stack, std::int64_t block_bytes,
                               std::initializer_list<std::int64_t> values) {
  AddSample(std::span(stack.begin(), stack.size()), block_bytes,
            std::span(values.begin(), values.size()));
}

HeapProfile ProfileBuilder::Build() && { return std::move(profile_); }

}  // namespace heapwatch
