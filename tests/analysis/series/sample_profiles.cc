#include "tests/analysis/series/sample_profiles.h"

#include <xxhash.h>

#include <sstream>

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
  const StackId id(profile_.stack_count());
  auto& all = profile_.stack_locations;
  all.insert(all.end(), locations.begin(), locations.end());
  profile_.stack_begin.push_back(static_cast<std::uint32_t>(all.size()));
  const std::string content = DescribeStack(profile_, id);
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  profile_.stack_hashes.push_back({hash.high64, hash.low64});
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
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += profile.values_of(i)[k];
  }
  for (const auto& [key, sums] : samples) {
    out << '\n' << key.second << key.first << " =";
    for (const std::int64_t value : sums) out << ' ' << value;
  }
  return out.str();
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
