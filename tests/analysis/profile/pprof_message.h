// Writes pprof messages by hand, through libprotobuf, for tests of what writers do that ours does
// not.
#pragma once

#include <string>
#include <string_view>

#include "pprof.pb.h"

namespace heapwatch {

// One stack main.f <- main.main, one sample type.
class PprofMessage {
 public:
  PprofMessage() {
    Text("");
    AddType("inuse_space", "bytes");
    AddFunction(1, "main.f", "main.go", 5);
    AddFunction(2, "main.main", "main.go", 1);
    AddLocation(1, 1, 7);
    AddLocation(2, 2, 3);
  }

  std::int64_t Text(std::string_view text) {
    profile.add_string_table(std::string(text));
    return profile.string_table_size() - 1;
  }
  void AddType(std::string_view type, std::string_view unit) {
    auto* added = profile.add_sample_type();
    added->set_type(Text(type));
    added->set_unit(Text(unit));
  }
  void AddFunction(std::uint64_t id, std::string_view name, std::string_view file,
                   std::int64_t start_line) {
    auto* function = profile.add_function();
    function->set_id(id);
    function->set_name(Text(name));
    function->set_filename(Text(file));
    function->set_start_line(start_line);
  }
  void AddLocation(std::uint64_t id, std::uint64_t function, std::int64_t line) {
    auto* location = profile.add_location();
    location->set_id(id);
    auto* added = location->add_line();
    added->set_function_id(function);
    added->set_line(line);
  }
  oracle::Sample* AddSample(std::initializer_list<std::uint64_t> locations,
                            std::initializer_list<std::int64_t> values) {
    auto* sample = profile.add_sample();
    for (const std::uint64_t id : locations) sample->add_location_id(id);
    for (const std::int64_t value : values) sample->add_value(value);
    return sample;
  }
  void AddBytes(oracle::Sample* sample, std::int64_t bytes) {
    auto* label = sample->add_label();
    label->set_key(Text("bytes"));
    label->set_num(bytes);
  }
  std::string Bytes() const { return profile.SerializeAsString(); }

  oracle::Profile profile;
};

}  // namespace heapwatch
