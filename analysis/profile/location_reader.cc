#include "analysis/profile/location_reader.h"

#include <string>

#include "analysis/profile/pprof_fields.h"

namespace heapwatch {

void LocationReader::Reset(std::string_view message, std::size_t most, HeapProfile& profile,
                           std::string_view& part) {
  message_ = message;
  readable_ = message.data() + message.size();
  most_ = most;
  profile_ = &profile;
  part_ = &part;
  functions_.clear();
  location_mappings_.clear();
  line_functions_.clear();
  location_ids_.Clear();
  function_ids_.Clear();
}

// Here and below what is read goes where it stays at once: a copy of what has just been written
// piece by piece makes the processor wait.
void LocationReader::ReadFunction(std::string_view part) {
  *part_ = part;
  const std::size_t index = functions_.size();
  RawFunction& raw = functions_.emplace_back();
  Function& function = profile_->functions.emplace_back();
  UsualFields fields(part, readable_);
  std::uint64_t id = fields.Number(1);
  raw.name = static_cast<std::int64_t>(fields.Number(2));
  raw.system_name = static_cast<std::int64_t>(fields.Number(3));
  raw.file = static_cast<std::int64_t>(fields.Number(4));
  function.start_line = static_cast<std::int64_t>(fields.Number(5));
  if (!fields.AtEnd()) id = ReadUnusualFunction(part, raw, function);
  if (id == 0) Throw("function with id 0");
  if (!function_ids_.Insert(id, static_cast<std::uint32_t>(index))) {
    Throw("two functions with id " + std::to_string(id));
  }
  if (functions_.size() > most_) ThrowLimit("functions", most_);
}

std::uint64_t LocationReader::ReadUnusualFunction(std::string_view part, RawFunction& raw,
                                                  Function& function) {
  std::uint64_t id = 0;
  raw = {};
  function = {};
  FieldReader reader(part);
  while (reader.Next()) {
    switch (reader.number()) {
      case 1:
        id = reader.Uint64();
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
        function.start_line = reader.Int64();
        break;
      default:
        break;
    }
  }
  return id;
}

[[gnu::always_inline]] inline void LocationReader::ReadLine(std::string_view part) {
  Line& line = profile_->lines.emplace_back();
  UsualFields fields(part, readable_);
  std::uint64_t function = fields.Number(1);
  line.line = static_cast<std::int64_t>(fields.Number(2));
  line.column = static_cast<std::int64_t>(fields.Number(3));
  if (!fields.AtEnd()) function = ReadUnusualLine(part, line);
  if (function == 0) return profile_->lines.pop_back();  // says nothing about the address
  line_functions_.push_back(function);
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

void LocationReader::ReadLocation(std::string_view part) {
  *part_ = part;
  const std::size_t index = profile_->locations.size();
  Location& location = profile_->locations.emplace_back();
  std::uint64_t& mapping = location_mappings_.emplace_back();
  location.first_line = static_cast<std::uint32_t>(profile_->lines.size());
  UsualFields fields(part, readable_);
  std::uint64_t id = fields.Number(1);
  mapping = fields.Number(2);
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
  if (profile_->locations.size() > most_) ThrowLimit("locations", most_);
}

std::uint64_t LocationReader::ReadUnusualLocation(std::string_view part, Location& location,
                                                  std::uint64_t& mapping) {
  std::uint64_t id = 0;
  mapping = 0;
  location = {.first_line = location.first_line};
  profile_->lines.resize(location.first_line);
  line_functions_.resize(location.first_line);
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

void LocationReader::Resolve(const std::vector<std::string_view>& texts,
                             const IdTable& mapping_ids) {
  ResolveFunctions(texts);
  ResolveLocations(mapping_ids);
}

// The nth message of a field, for the place in an error.
std::string_view LocationReader::FindPart(std::uint64_t field, std::size_t index) const {
  FieldReader reader(message_);
  while (reader.Next()) {
    if (reader.number() == field && index-- == 0) return reader.Bytes();
  }
  return message_;
}

void LocationReader::ResolveFunctions(const std::vector<std::string_view>& texts) {
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    const RawFunction& raw = functions_[i];
    Function& function = profile_->functions[i];
    try {
      function.name = TextAt(texts, raw.name);
      function.file = TextAt(texts, raw.file);
      if (raw.system_name != raw.name) function.system_name = TextAt(texts, raw.system_name);
    } catch (const MalformedMessage&) {
      *part_ = FindPart(5, i);
      throw;
    }
    if (function.name.empty()) function.name = function.system_name;
    if (function.system_name == function.name) function.system_name = {};
  }
}

void LocationReader::ResolveLocations(const IdTable& mapping_ids) {
  std::uint32_t index = 0;
  for (std::size_t i = 0; i < profile_->locations.size(); ++i) {
    Location& location = profile_->locations[i];
    // Some writers name a mapping that they do not list; go tool pprof takes that as none.
    if (mapping_ids.Find(location_mappings_[i], index)) location.mapping = MappingId(index);
    for (std::uint32_t l = location.first_line; l < location.first_line + location.line_count;
         ++l) {
      if (!function_ids_.Find(line_functions_[l], index)) {
        *part_ = FindPart(4, i);
        Throw("a line of function " + std::to_string(line_functions_[l]) + ", which is not there");
      }
      profile_->lines[l].function = FunctionId(index);
    }
  }
}

}  // namespace heapwatch
