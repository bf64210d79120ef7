#include "tests/analysis/series/sample_profiles.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "analysis/profile/stack_hash.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

std::string DescribeLocation(const HeapProfile& profile, const Location& location) {
  std::ostringstream out;
  const auto lines = profile.lines_of(location);
  for (const Line& line : lines) {
    const Function& f = profile.functions[line.function.index()];
    out << " [" << f.name << '|' << f.system_name << '|' << f.file << '|' << f.start_line << ':'
        << line.line << ':' << line.column << ']';
  }
  if (location.is_folded) out << " folded";
  if (!lines.empty()) return out.str();
  if (!location.mapping) {
    out << " 0x" << std::hex << location.address;
  } else {
    const Mapping& m = profile.mappings[location.mapping->index()];
    out << " (" << (m.build_id.empty() ? m.file : m.build_id) << "+0x" << std::hex
        << location.address - m.start + m.file_offset << ")";
  }
  return out.str();
}

std::string DescribeStack(const HeapProfile& profile, StackId stack) {
  std::string out;
  for (const LocationId id : profile.stack(stack)) {
    out += DescribeLocation(profile, profile.locations[id.index()]);
  }
  return out;
}

std::vector<SampleType> LiveOnly() {
  return {{"objects", "count"}, {"space", "bytes"}, {"rss", "bytes"}};
}

std::string DescribeType(const SampleType& type) { return type.type + "/" + type.unit; }

}  // namespace

std::vector<SampleType> GoSampleTypes() {
  return {{"alloc_objects", "count"},
          {"alloc_space", "bytes"},
          {"inuse_objects", "count"},
          {"inuse_space", "bytes"}};
}

ProfileMaker::ProfileMaker(std::vector<SampleType> types) {
  profile_.sample_types = std::move(types);
  profile_.sampling_period_bytes = 524288;
  profile_.period_type = {"space", "bytes"};
}

std::string_view ProfileMaker::Keep(std::string text) {
  profile_.text.push_back(std::make_shared<const std::string>(std::move(text)));
  return *profile_.text.back();
}

FunctionId ProfileMaker::AddFunction(std::string name, std::string system_name, std::string file,
                                     std::int64_t start_line) {
  const FunctionId id(profile_.functions.size());
  profile_.functions.push_back(
      {Keep(std::move(name)), Keep(std::move(system_name)), Keep(std::move(file)), start_line});
  return id;
}

LocationId ProfileMaker::AddLocation(std::optional<MappingId> mapping, std::uint64_t address,
                                     const std::vector<Line>& lines, bool is_folded) {
  const LocationId id(profile_.locations.size());
  profile_.locations.push_back({mapping, address, static_cast<std::uint32_t>(profile_.lines.size()),
                                static_cast<std::uint32_t>(lines.size()), is_folded});
  profile_.lines.insert(profile_.lines.end(), lines.begin(), lines.end());
  return id;
}

StackId ProfileMaker::AddStack(const std::vector<LocationId>& locations) {
  const StackId id = profile_.stacks.Add(locations);
  std::vector<ContentHash> hashes;
  for (const LocationId location : locations) {
    hashes.push_back(HashLocation(profile_, profile_.locations[location.index()]));
  }
  profile_.stack_hashes.push_back(HashStack(hashes));
  return id;
}

StackId ProfileMaker::Stack(const std::vector<std::string>& functions) {
  std::vector<LocationId> locations;
  for (const std::string& name : functions) {
    const auto found = location_of_function_.find(name);
    if (found != location_of_function_.end()) {
      locations.push_back(found->second);
      continue;
    }
    const FunctionId function = AddFunction(name, name, "main.go", 1);
    const LocationId location = AddLocation(std::nullopt, 0, {{function, 10, 0}});
    location_of_function_.emplace(name, location);
    locations.push_back(location);
  }
  return AddStack(locations);
}

void ProfileMaker::Sample(StackId stack, std::int64_t block_bytes,
                          const std::vector<std::int64_t>& values) {
  profile_.samples.push_back({stack, block_bytes});
  profile_.values.insert(profile_.values.end(), values.begin(), values.end());
}

std::string Canonical(const HeapProfile& profile) {
  std::ostringstream out;
  for (const SampleType& type : profile.sample_types) out << DescribeType(type) << ' ';
  out << "\ntime ";
  if (profile.time) out << FormatRfc3339(*profile.time);
  out << "\nduration ";
  if (profile.duration) out << profile.duration->count();
  out << "\nresident ";
  if (profile.resident_bytes) out << *profile.resident_bytes;
  out << "\nperiod " << DescribeType(profile.period_type) << ' ';
  if (profile.sampling_period_bytes) out << *profile.sampling_period_bytes;
  out << "\ndefault ";
  if (profile.default_sample_type) out << *profile.default_sample_type;
  for (const std::string& comment : profile.comments) out << "\n# " << comment;
  for (const Mapping& m : profile.mappings) {
    out << "\nmapping " << m.start << ' ' << m.limit << ' ' << m.file_offset << ' ' << m.file << ' '
        << m.build_id << ' ' << m.has_functions << m.has_filenames << m.has_line_numbers
        << m.has_inline_frames;
  }
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::int64_t>> samples;
  for (std::size_t i = 0; i < profile.samples.size(); ++i) {
    const heapwatch::Sample& sample = profile.samples[i];
    auto& sums = samples[{DescribeStack(profile, sample.stack), sample.block_bytes}];
    sums.resize(profile.sample_types.size());
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] = WrappingSum(sums[k], profile.values_of(i)[k]);
  }
  for (const auto& [key, sums] : samples) {
    if (std::count(sums.begin(), sums.end(), 0) == std::ssize(sums)) continue;
    out << '\n' << key.second << key.first << " =";
    for (const std::int64_t value : sums) out << ' ' << value;
  }
  return out.str();
}

RandomHeap::RandomHeap(std::uint64_t seed, std::size_t stacks)
    : random_(seed), stack_count_(stacks), types_(seed % 3 == 0 ? LiveOnly() : GoSampleTypes()) {
  static constexpr std::int64_t kSizes[] = {0, 8, 16, 48, 64, 1024, 4096, 65536, 5000000};
  for (std::size_t stack = 0; stack < stacks; ++stack) {
    const std::size_t sizes = 1 + Below(3);
    for (std::size_t i = 0; i < sizes; ++i)
      live_.push_back({stack, kSizes[Below(std::size(kSizes))]});
  }
}

// What happens to the process between two profiles.
void RandomHeap::Turn() {
  if (Below(4) == 0) return;  // no GC cycle has completed
  if (Below(60) == 0) {       // a restart, mostly at other addresses
    for (Live& live : live_) live.alloc = live.inuse = 0;
    if (Below(3) != 0) base_ = 0x1000 * (1 + Below(1U << 20));
  }
  if (Below(80) == 0)
    period_ = Below(3) == 0 ? std::nullopt : std::optional<std::int64_t>(1 << Below(20));
  if (Below(90) == 0) {
    types_ = Below(2) == 0 ? GoSampleTypes() : LiveOnly();
  }
  if (Below(30) == 0) is_resident_told_ = !is_resident_told_;
  if (Below(50) == 0) comments_ = {"comment " + std::to_string(Below(10))};
  if (Below(70) == 0) mapping_count_ = 2 + Below(2);
  for (Live& live : live_) {
    if (Below(3) != 0) continue;
    const auto born = static_cast<std::int64_t>(Below(40));
    live.alloc += born;
    live.inuse =
        static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(live.inuse + born) + 1));
  }
}

std::vector<std::int64_t> RandomHeap::Values(const Live& live) {
  const double scale = live.block_bytes > 0 && period_.value_or(0) > 1
                           ? 1 / (1 - std::exp(-static_cast<double>(live.block_bytes) /
                                               static_cast<double>(*period_)))
                           : 1;
  std::vector<std::int64_t> values;
  for (const std::int64_t count : {live.alloc, live.inuse}) {
    values.push_back(static_cast<std::int64_t>(static_cast<double>(count) * scale));
    values.push_back(
        static_cast<std::int64_t>(static_cast<double>(count * live.block_bytes) * scale));
  }
  if (Below(50) == 0)
    values[Below(4)] = static_cast<std::int64_t>(random_());  // whatever a target may serve
  values.resize(types_.size());
  return values;
}

// Stack i is the same in every profile, but for the addresses its mappings have moved to.
std::vector<std::vector<LocationId>> RandomHeap::AddStacks(ProfileMaker& maker) {
  std::vector<LocationId> pool;
  for (std::uint64_t i = 0; i < 24; ++i) {
    const std::string n = std::to_string(i);
    const bool in_mapping = i % 3 != 2;
    const MappingId mapping(i % mapping_count_ == 2 ? 0 : i % 2);
    const std::uint64_t start = maker.profile().mappings[mapping.index()].start;
    std::vector<Line> lines;
    if (i % 4 != 3) {
      const FunctionId f = maker.AddFunction("f" + n, i % 5 == 0 ? "_f" + n : "f" + n, "f.go",
                                             static_cast<std::int64_t>(i));
      lines.push_back({f, static_cast<std::int64_t>(10 * i), 0});
      if (i % 6 == 0) lines.push_back({f, static_cast<std::int64_t>(10 * i + 1), 0});
    }
    pool.push_back(maker.AddLocation(in_mapping ? std::optional(mapping) : std::nullopt,
                                     in_mapping ? start + 16 * i : 16 * i, lines));
  }
  std::vector<std::vector<LocationId>> stacks;
  for (std::size_t s = 0; s < stack_count_; ++s) {
    std::vector<LocationId> stack;
    for (std::size_t depth = 0; depth < 1 + s % 7; ++depth)
      stack.push_back(pool[(s * 5 + depth * (1 + s / 24)) % 24]);
    stacks.push_back(stack);
  }
  return stacks;
}

HeapProfile RandomHeap::Next() {
  Turn();
  ProfileMaker maker(types_);
  maker.profile().sampling_period_bytes = period_;
  maker.profile().comments = comments_;
  if (is_resident_told_)
    maker.profile().resident_bytes = static_cast<std::int64_t>(Below(1U << 30));
  if (types_.size() == 4) maker.profile().default_sample_type = 3;
  for (std::uint64_t m = 0; m < mapping_count_; ++m) {
    Mapping mapping;
    mapping.start = base_ + m * 0x100000;
    mapping.limit = mapping.start + 0x80000;
    mapping.file_offset = m * 0x1000;
    mapping.file = maker.Keep("/bin/app" + std::to_string(m));
    if (m != 1) mapping.build_id = maker.Keep("build" + std::to_string(m));
    mapping.has_functions = m == 0;
    maker.profile().mappings.push_back(mapping);
  }
  const auto stacks = AddStacks(maker);
  std::vector<std::optional<StackId>> ids(stacks.size());
  for (const Live& live : live_) {
    const std::vector<std::int64_t> values = Values(live);
    auto& id = ids[live.stack];
    if (!id) id = maker.AddStack(stacks[live.stack]);
    maker.Sample(*id, live.block_bytes, values);
  }
  return maker.Make();
}

Site LeafAttributor::Attribute(const HeapProfile& profile, StackId stack) const {
  Site site;
  const auto locations = profile.stack(stack);
  if (locations.empty()) return site;
  const Location& leaf = profile.locations[locations.front().index()];
  if (leaf.line_count == 0) {
    site.function = "unknown";
    return site;
  }
  const Line& line = profile.lines_of(leaf).front();
  const Function& function = profile.functions[line.function.index()];
  site.function = function.name;
  site.file = function.file;
  site.line = line.line - function.start_line;
  site.line_is_relative = true;
  return site;
}

}  // namespace heapwatch
