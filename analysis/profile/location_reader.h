// From the functions and locations of a pprof message to those of a profile.
//
// They are read when the whole message has been looked over, since a writer may put the strings
// last and a function behind the location that names it. Used by pprof_decode.h only.
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
  // The messages of both kinds, in order.
  struct Source {
    const std::vector<std::string_view>& functions;
    const std::vector<std::string_view>& locations;
    const char* readable;  // the end of the message they stand in
  };

  // `profile` has its mappings; functions, lines and locations are added to it. `part` is told what
  // is being read, for the place in an error.
  void Read(const Source& source, const std::vector<std::string_view>& texts,
            const IdTable& mapping_ids, HeapProfile& profile, std::string_view& part);

  const IdTable& location_ids() const { return location_ids_; }

 private:
  // A function as the message has it: the names are indexes of strings.
  struct RawFunction {
    std::uint64_t id = 0;
    std::int64_t name = 0;
    std::int64_t system_name = 0;
    std::int64_t file = 0;
    std::int64_t start_line = 0;
  };

  void ReadFunction(std::string_view part, const std::vector<std::string_view>& texts);
  void ReadLocation(std::string_view part, const IdTable& mapping_ids);
  void ReadLine(std::string_view part);
  // For other layouts than the usual one; the latter two return the id.
  static RawFunction ReadUnusualFunction(std::string_view part);
  std::uint64_t ReadUnusualLocation(std::string_view part, Location& location,
                                    std::uint64_t& mapping);
  static std::uint64_t ReadUnusualLine(std::string_view part, Line& line);

  const char* readable_ = nullptr;
  HeapProfile* profile_ = nullptr;
  IdTable location_ids_;
  IdTable function_ids_;
};

}  // namespace heapwatch
