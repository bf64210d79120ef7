#include "analysis/profile/location_reader.h"

#include <string>

#include "analysis/profile/pprof_fields.h"

namespace heapwatch {

void LocationReader::Read(const Source& source, const std::vector<std::string_view>& texts,
                          const IdTable& mapping_ids, HeapProfile& profile,
                          std::string_view& part) {
  readable_ = source.readable;
  profile_ = &profile;
  location_ids_.Clear();
  function_ids_.Clear();
  profile.functions.reserve(source.functions.size());
  for (const std::string_view function : source.functions) {
    part = function;
    ReadFunction(function, texts);
  }
  profile.locations.reserve(source.locations.size());
  for (const std::string_view location : source.locations) {
    part = location;
    ReadLocation(location, mapping_ids);
  }
}

void LocationReader::ReadFunction(std::string_view part,
                                  const std::vector<std::string_view>& texts) {
  const std::size_t index = profile_->functions.size();
  Function& function = profile_->functions.emplace_back();
  UsualFields fields(part, readable_);
  RawFunction raw;
  raw.id = fields.Number(1);
  raw.name = static_cast<std::int64_t>(fields.Number(2));
  raw.system_name = static_cast<std::int64_t>(fields.Number(3));
  raw.file = static_cast<std::int64_t>(fields.Number(4));
  raw.start_line = static_cast<std::int64_t>(fields.Number(5));
  if (!fields.AtEnd()) raw = ReadUnusualFunction(part);
  if (raw.id == 0) Throw("function with id 0");
  if (!function_ids_.Insert(raw.id, static_cast<std::uint32_t>(index))) {
    Throw("two functions with id " + std::to_string(raw.id));
  }
  function.name = TextAt(texts, raw.name);
  function.file = TextAt(texts, raw.file);
  function.start_line = raw.start_line;
  if (raw.system_name != raw.name) function.system_name = TextAt(texts, raw.system_name);
  if (function.name.empty()) function.name = function.system_name;
  if (function.system_name == function.name) function.system_name = {};
}

LocationReader::RawFunction LocationReader::ReadUnusualFunction(std::string_view part) {
  RawFunction raw;
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        raw.id = reader.Uint64();
        break;
      case 2:
        raw.name = reader.Int64();
        break;
      case 3:
        raw.system_name = reader.Int64();
        break;
      case 4:
        raw.file = reader.Int64();
        break;
      case 5:
        raw.start_line = reader.Int64();
        break;
      default:
        break;
    }
  }
  return raw;
}

// Here and below what is read goes where it stays at once: a copy of what has just been written
// piece by piece makes the processor wait.
[[gnu::always_inline]] inline void LocationReader::ReadLine(std::string_view part) {
  Line& line = profile_->lines.emplace_back();
  UsualFields fields(part, readable_);
  std::uint64_t function = fields.Number(1);
  line.line = static_cast<std::int64_t>(fields.Number(2));
  line.column = static_cast<std::int64_t>(fields.Number(3));
  if (!fields.AtEnd()) function = ReadUnusualLine(part, line);
  if (function == 0) return profile_->lines.pop_back();  // says nothing about the address
  std::uint32_t index = 0;
  if (!function_ids_.Find(function, index)) {
    Throw("a line of function " + std::to_string(function) + ", which is not there");
  }
  line.function = FunctionId(index);
}

std::uint64_t LocationReader::ReadUnusualLine(std::string_view part, Line& line) {
  std::uint64_t function = 0;
  line = {};
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        function = reader.Uint64();
        break;
      case 2:
        line.line = reader.Int64();
        break;
      case 3:
        line.column = reader.Int64();
        break;
      default:
        break;
    }
  }
  return function;
}

void LocationReader::ReadLocation(std::string_view part, const IdTable& mapping_ids) {
  const std::size_t index = profile_->locations.size();
  Location& location = profile_->locations.emplace_back();
  location.first_line = static_cast<std::uint32_t>(profile_->lines.size());
  UsualFields fields(part, readable_);
  std::uint64_t id = fields.Number(1);
  std::uint64_t mapping = fields.Number(2);
  location.address = fields.Number(3);
  for (std::string_view line; fields.Bytes(4, line);) ReadLine(line);
  location.is_folded = fields.Number(5) != 0;
  if (mapping == 0) mapping = fields.Number(2);  // where Go writes it
  if (!fields.AtEnd()) id = ReadUnusualLocation(part, location, mapping);
  if (id == 0) Throw("location with id 0");
  if (!location_ids_.Insert(id, static_cast<std::uint32_t>(index))) {
    Throw("two locations with id " + std::to_string(id));
  }
  location.line_count = static_cast<std::uint32_t>(profile_->lines.size()) - location.first_line;
  // Some writers name a mapping that they do not list; go tool pprof takes that as none.
  std::uint32_t of_mapping = 0;
  if (mapping_ids.Find(mapping, of_mapping)) location.mapping = MappingId(of_mapping);
}

std::uint64_t LocationReader::ReadUnusualLocation(std::string_view part, Location& location,
                                                  std::uint64_t& mapping) {
  std::uint64_t id = 0;
  mapping = 0;
  location = {.first_line = location.first_line};
  profile_->lines.resize(location.first_line);
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        id = reader.Uint64();
        break;
      case 2:
        mapping = reader.Uint64();
        break;
      case 3:
        location.address = reader.Uint64();
        break;
      case 4:
        ReadLine(reader.Bytes());
        break;
      case 5:
        location.is_folded = reader.Uint64() != 0;
        break;
      default:
        break;
    }
  }
  return id;
}

}  // namespace heapwatch
