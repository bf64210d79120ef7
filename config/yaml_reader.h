// Reads YAML into structs, strictly: every field is named in a table, and what does not fit is
// noted with its line and column. Reading goes on after a problem, so that one run tells them all.
// For the loaders of this folder only.
//
//   ReadYaml(text, "heapwatch.yml", [&](YamlReader& reader, const YAML::Node& root) {
//     reader.Map(root, "the configuration", {reader.Time("retention", &retention)});
//   });
//   -> heapwatch.yml:12:3: unknown field "retentoin" in storage; did you mean "retention"?
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"

namespace heapwatch {

class YamlReader {
 public:
  // One field of a mapping. A section may stand empty ("global:"); a plain value may not.
  struct Field {
    std::string name;
    std::function<void(const YAML::Node&)> read;
    bool is_section = false;
  };

  explicit YamlReader(std::string_view file) : file_(file) {}

  // Reads the fields in the order of the table, whatever their order in the file.
  void Map(const YAML::Node& node, std::string_view where, const std::vector<Field>& fields);

  Field Text(const std::string& name, std::string* out);
  // A file's path, relative to the folder of the file that is read.
  Field Path(const std::string& name, std::string* out);
  Field PathList(const std::string& name, std::vector<std::string>* out);
  Field OneOf(const std::string& name, std::string* out, std::vector<std::string> choices);
  Field Flag(const std::string& name, bool* out);
  // A whole number from `min` on.
  Field Count(const std::string& name, std::size_t* out, std::size_t min);
  Field Number(const std::string& name, double* out, double min, double max);
  // A duration of at least `min`.
  Field Time(const std::string& name, Duration* out, Duration min = Duration(1));
  Field Time(const std::string& name, std::optional<Duration>* out, Duration min = Duration(1));
  // A size of at least `min` bytes.
  template <class T>
  Field Size(const std::string& name, T* out, std::int64_t min = 1) {
    return ReadSize(
        name, [out](std::int64_t bytes) { *out = static_cast<T>(bytes); }, min);
  }
  // A point in time, in RFC 3339.
  Field Moment(const std::string& name, heapwatch::Time* out);
  Field LabelSet(const std::string& name, Labels* out, bool allow_meta);
  Field TextList(const std::string& name, std::vector<std::string>* out,
                 std::function<Result<void>(const std::string&)> check = {});
  // A list of sections; `read` gets each element and its path, "scrape_configs[2]".
  Field List(const std::string& name,
             std::function<void(const YAML::Node&, const std::string& where)> read);
  static Field Section(std::string name, std::function<void(const YAML::Node&)> read);

  void Problem(const YAML::Mark& mark, std::string message);
  // All problems in the order of the file, one per line.
  std::optional<Error> error() const;

 private:
  struct Found {
    YAML::Mark mark;
    std::string message;
  };
  Field ReadSize(const std::string& name, std::function<void(std::int64_t)> set, std::int64_t min);
  // The scalar's text, or a problem that tells what was expected.
  std::optional<std::string> Scalar(const YAML::Node& node, std::string_view name,
                                    std::string_view expected);
  void Unknown(const YAML::Node& key, std::string_view where, const std::vector<Field>& fields);

  std::string file_;
  std::vector<Found> problems_;
};

// Hands the one document that `text` holds to `read`, unless it is empty. Fails with all problems
// noted.
Result<void> ReadYaml(std::string_view text, std::string_view file,
                      const std::function<void(YamlReader&, const YAML::Node&)>& read);

}  // namespace heapwatch
