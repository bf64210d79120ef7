// From the functions and locations of a pprof message to those of a profile.
//
// They are read as they come; their names and ids are resolved when the whole message is known,
// since a writer may put the strings last and a function behind the location that names it. All
// memory is kept for the next profile. Used by pprof_decode.h only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/id_table.h"

namespace heapwatch {

class LocationReader {
 public:
  // Functions, lines and locations are added to `profile`, at most `most` of each. `part` is told
  // what is being read, for the place in an error.
  void Reset(std::string_view message, std::size_t most, HeapProfile& profile,
             std::string_view& part);

  void ReadFunction(std::string_view part);
  void ReadLocation(std::string_view part);
  void Resolve(const std::vector<std::string_view>& texts, const IdTable& mapping_ids);

  const IdTable& location_ids() const { return location_ids_; }

 private:
  // A function as the message has it: the names are indexes of strings.
  struct RawFunction {
    std::int64_t name = 0;
    std::int64_t system_name = 0;
    std::int64_t file = 0;
  };

  void ReadLine(std::string_view part);
  // For other layouts than the usual one; return the id.
  static std::uint64_t ReadUnusualFunction(std::string_view part, RawFunction& raw,
                                           Function& function);
  std::uint64_t ReadUnusualLocation(std::string_view part, Location& location,
                                    std::uint64_t& mapping);
  static std::uint64_t ReadUnusualLine(std::string_view part, Line& line);
  void ResolveFunctions(const std::vector<std::string_view>& texts);
  void ResolveLocations(const IdTable& mapping_ids);
  std::string_view FindPart(std::uint64_t field, std::size_t index) const;

  std::string_view message_;
  const char* readable_ = nullptr;  // the end of the message
  std::size_t most_ = 0;
  HeapProfile* profile_ = nullptr;
  std::string_view* part_ = nullptr;
  std::vector<RawFunction> functions_;
  std::vector<std::uint64_t> location_mappings_;  // the id each location names
  std::vector<std::uint64_t> line_functions_;     // and each line
  IdTable location_ids_;
  IdTable function_ids_;
};

}  // namespace heapwatch
