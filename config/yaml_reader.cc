#include "config/yaml_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "analysis/base/nearest_name.h"
#include "analysis/base/units.h"
#include "config/targets.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMaxProblems = 20;

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string Describe(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return Quoted(node.Scalar());
  return "nothing";
}

struct Lines {
  std::string_view before;  // the last that is neither empty nor a comment
  std::string_view here;
};

// Lines count from 0.
Lines LinesAt(std::string_view text, int line) {
  Lines lines;
  for (int n = 0; n <= line && !text.empty(); ++n) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::size_t first = lines.here.find_first_not_of(" \t");
    if (first != std::string_view::npos && lines.here[first] != '#') lines.before = lines.here;
    lines.here = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Where a line's field begins, behind what makes it an entry of a list.
std::size_t FieldColumn(std::string_view line) {
  return std::min(line.find_first_not_of(" -"), line.size());
}

// What is mostly wrong where yaml-cpp says that: its words tell what it missed, not why.
std::string_view HintFor(std::string_view text, const YAML::Exception& e) {
  const auto [before, here] = LinesAt(text, e.mark.line);
  if (here.substr(0, here.find_first_not_of(" \t")).find('\t') != std::string_view::npos)
    return "; a tab indents this line, and YAML takes spaces only";
  if (e.msg == "end of map not found" || e.msg == "end of sequence not found")
    return "; this line is indented unlike any that it could belong to";
  if (e.msg != "illegal map value") return "";
  if (before.find(':') < before.size() - 1 && before.find(": ") == std::string_view::npos)
    return "; a space is missing behind the colon of the line before";
  if (FieldColumn(here) > FieldColumn(before))
    return "; this line is indented deeper than the one before, which has a value already";
  return "; a text with a colon and a space in it needs quotes";
}

}  // namespace

void YamlReader::Map(const YAML::Node& node, std::string_view where,
                     const std::vector<Field>& fields) {
  if (!node.IsMap())
    return Problem(node.Mark(),
                   std::string(where) + ": expected a mapping of fields, got " + Describe(node));
  std::set<std::string> seen;
  std::map<std::size_t, YAML::Node> values;  // by place in the table
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == key; });
    if (field == fields.end()) {
      Unknown(entry.first, where, fields);
    } else if (!seen.insert(key).second) {
      Problem(entry.first.Mark(),
              "field " + Quoted(key) + " stands twice in " + std::string(where));
    } else if (!entry.second.IsNull()) {
      values.emplace(static_cast<std::size_t>(field - fields.begin()), entry.second);
    } else if (!field->is_section) {
      Problem(entry.first.Mark(), key + ": has no value; give one or remove the line");
    }
  }
  for (const auto& [index, value] : values) fields[index].read(value);
}

void YamlReader::Unknown(const YAML::Node& key, std::string_view where,
                         const std::vector<Field>& fields) {
  std::string name = key.IsScalar() ? key.Scalar() : Describe(key);
  // No name of a field has a colon; what stands behind it may be a secret: "{ann:hush}".
  if (const std::size_t colon = name.find(':'); colon != std::string::npos)
    name.replace(colon + 1, std::string::npos, "...");
  std::string message = "unknown field " + Quoted(name) + " in " + std::string(where);
  std::vector<std::string> known;
  for (const Field& field : fields) known.push_back(field.name);
  if (const auto nearest = NearestName(name, known)) {
    message += "; did you mean " + Quoted(*nearest) + "?";
  } else {
    message += "; expected one of ";
    for (const Field& field : fields)
      message += (&field == &fields.front() ? "" : ", ") + field.name;
  }
  Problem(key.Mark(), std::move(message));
}

std::optional<std::string> YamlReader::Scalar(const YAML::Node& node, std::string_view name,
                                              std::string_view expected) {
  if (node.IsScalar()) return node.Scalar();
  Problem(node.Mark(),
          std::string(name) + ": expected " + std::string(expected) + ", got " + Describe(node));
  return std::nullopt;
}

YamlReader::Field YamlReader::Text(const std::string& name, std::string* out) {
  return {name, [this, name, out](const YAML::Node& node) {
            if (auto text = Scalar(node, name, "a text")) *out = *std::move(text);
          }};
}

YamlReader::Field YamlReader::Path(const std::string& name, std::string* out) {
  return {name, [this, name, out](const YAML::Node& node) {
            const auto text = Scalar(node, name, "a file's path");
            if (text && !text->empty())
              *out = (std::filesystem::path(file_).parent_path() / *text).string();
          }};
}

YamlReader::Field YamlReader::PathList(const std::string& name, std::vector<std::string>* out) {
  return Section(name, [this, name, out](const YAML::Node& node) {
    if (!node.IsSequence())
      return Problem(node.Mark(), name + ": expected a list, got " + Describe(node));
    for (const auto& item : node) Path(name, &out->emplace_back()).read(item);
  });
}

YamlReader::Field YamlReader::OneOf(const std::string& name, std::string* out,
                                    std::vector<std::string> choices) {
  return {name, [this, name, out, choices = std::move(choices)](const YAML::Node& node) {
            std::string expected;
            for (const std::string& choice : choices)
              expected += (expected.empty() ? "" : " or ") + choice;
            const auto text = Scalar(node, name, expected);
            if (!text) return;
            if (std::find(choices.begin(), choices.end(), *text) == choices.end())
              return Problem(node.Mark(),
                             name + ": expected " + expected + ", got " + Quoted(*text));
            *out = *text;
          }};
}

YamlReader::Field YamlReader::Flag(const std::string& name, bool* out) {
  return {name, [this, name, out](const YAML::Node& node) {
            const auto text = Scalar(node, name, "true or false");
            if (!text) return;
            if (*text != "true" && *text != "false")
              return Problem(node.Mark(), name + ": expected true or false, got " + Quoted(*text));
            *out = *text == "true";
          }};
}

YamlReader::Field YamlReader::Count(const std::string& name, std::size_t* out, std::size_t min) {
  return {name, [this, name, out, min](const YAML::Node& node) {
            const std::string expected = "a whole number from " + std::to_string(min) + " on";
            const auto text = Scalar(node, name, expected);
            if (!text) return;
            std::size_t value = 0;
            const char* last = text->data() + text->size();
            const auto [end, code] = std::from_chars(text->data(), last, value);
            if (code != std::errc() || end != last || value < min)
              return Problem(node.Mark(),
                             name + ": expected " + expected + ", got " + Quoted(*text));
            *out = value;
          }};
}

YamlReader::Field YamlReader::Number(const std::string& name, double* out, double min, double max) {
  return {name, [this, name, out, min, max](const YAML::Node& node) {
            std::string expected = "a number from " + FormatNumber(min);
            expected += std::isinf(max) ? " on" : " to " + FormatNumber(max);
            const auto text = Scalar(node, name, expected);
            if (!text) return;
            double value = 0;
            const char* last = text->data() + text->size();
            const auto [end, code] = std::from_chars(text->data(), last, value);
            if (code != std::errc() || end != last || !std::isfinite(value) || value < min ||
                value > max)
              return Problem(node.Mark(),
                             name + ": expected " + expected + ", got " + Quoted(*text));
            *out = value;
          }};
}

YamlReader::Field YamlReader::Time(const std::string& name, std::optional<Duration>* out,
                                   Duration min) {
  return {name, [this, name, out, min](const YAML::Node& node) {
            const auto text = Scalar(node, name, "a duration such as 15s, 5m or 1h30m");
            if (!text) return;
            const auto value = ParseDuration(*text);
            if (!value) return Problem(node.Mark(), name + ": " + value.error().message);
            if (*value < min)
              return Problem(node.Mark(), name + ": must be at least " + FormatDuration(min) +
                                              ", got " + Quoted(*text));
            *out = *value;
          }};
}

YamlReader::Field YamlReader::Time(const std::string& name, Duration* out, Duration min) {
  return {name, [this, name, out, min](const YAML::Node& node) {
            std::optional<Duration> value;
            Time(name, &value, min).read(node);
            if (value) *out = *value;
          }};
}

YamlReader::Field YamlReader::ReadSize(const std::string& name,
                                       std::function<void(std::int64_t)> set, std::int64_t min) {
  return {name, [this, name, set = std::move(set), min](const YAML::Node& node) {
            const auto text = Scalar(node, name, "a size such as 512KB, 64MB or 2GB");
            if (!text) return;
            const auto value = ParseBytes(*text);
            if (!value) return Problem(node.Mark(), name + ": " + value.error().message);
            if (*value < min) return Problem(node.Mark(), name + ": must be above zero");
            set(*value);
          }};
}

YamlReader::Field YamlReader::Moment(const std::string& name, heapwatch::Time* out) {
  return {name, [this, name, out](const YAML::Node& node) {
            const std::string expected = "a point in time such as 2027-01-31T12:00:00Z";
            const auto text = Scalar(node, name, expected);
            if (!text) return;
            // What ParseTime takes beyond RFC 3339 would mean another moment after each reload.
            const auto value = ParseTime(*text, heapwatch::Time());
            if (!value || text->find('T') == std::string::npos)
              return Problem(node.Mark(),
                             name + ": expected " + expected + ", got " + Quoted(*text));
            *out = *value;
          }};
}

YamlReader::Field YamlReader::LabelSet(const std::string& name, Labels* out, bool allow_meta) {
  return Section(name, [this, name, out, allow_meta](const YAML::Node& node) {
    if (!node.IsMap())
      return Problem(node.Mark(),
                     name + ": expected label names with their values, got " + Describe(node));
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (!IsLabelName(key)) {
        Problem(entry.first.Mark(),
                name + ": " + Quoted(key) +
                    " is not a label name: use letters, digits and _, not a digit first");
      } else if (!allow_meta && key.starts_with("__")) {
        Problem(entry.first.Mark(),
                name + ": " + Quoted(key) + ": names that begin with __ are not for use here");
      } else if (!entry.second.IsScalar()) {
        Problem(entry.first.Mark(),
                name + "." + key + ": expected a text, got " + Describe(entry.second));
      } else if (!out->emplace(key, entry.second.Scalar()).second) {
        Problem(entry.first.Mark(), name + ": " + Quoted(key) + " stands twice");
      }
    }
  });
}

YamlReader::Field YamlReader::TextList(const std::string& name, std::vector<std::string>* out,
                                       std::function<Result<void>(const std::string&)> check) {
  return Section(name, [this, name, out, check = std::move(check)](const YAML::Node& node) {
    if (!node.IsSequence())
      return Problem(node.Mark(), name + ": expected a list, got " + Describe(node));
    for (const auto& item : node) {
      const auto text = Scalar(item, name, "a text in each place of the list");
      if (!text) continue;
      const auto ok = check ? check(*text) : Result<void>();
      if (ok)
        out->push_back(*text);
      else
        Problem(item.Mark(), name + ": " + ok.error().message);
    }
  });
}

YamlReader::Field YamlReader::List(
    const std::string& name,
    std::function<void(const YAML::Node&, const std::string& where)> read) {
  return Section(name, [this, name, read = std::move(read)](const YAML::Node& node) {
    if (!node.IsSequence())
      return Problem(node.Mark(),
                     name + ": expected a list (lines that begin with -), got " + Describe(node));
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string where = name + "[" + std::to_string(i) + "]";
      // An empty place in a list has no mark of its own.
      if (node[i].IsNull()) {
        Problem(node.Mark(), where + ": is empty");
      } else {
        read(node[i], where);
      }
    }
  });
}

YamlReader::Field YamlReader::Section(std::string name,
                                      std::function<void(const YAML::Node&)> read) {
  return {std::move(name), std::move(read), true};
}

void YamlReader::Problem(const YAML::Mark& mark, std::string message) {
  problems_.push_back({mark, std::move(message)});
}

std::optional<Error> YamlReader::error() const {
  if (problems_.empty()) return std::nullopt;
  std::vector<Found> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Found& a, const Found& b) {
    return std::pair(a.mark.line, a.mark.column) < std::pair(b.mark.line, b.mark.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMaxProblems); ++i) {
    if (i > 0) text += '\n';
    const YAML::Mark& mark = sorted[i].mark;
    text += file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) +
            ": " + sorted[i].message;
  }
  if (sorted.size() > kMaxProblems)
    text += "\nand " + std::to_string(sorted.size() - kMaxProblems) + " problems more";
  return Error{ErrorCode::kInvalidArgument, std::move(text)};
}

Result<void> ReadYaml(std::string_view text, std::string_view file,
                      const std::function<void(YamlReader&, const YAML::Node&)>& read) {
  YamlReader reader(file);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1)
      reader.Problem(documents[1].Mark(), "a second document begins: give one only");
    if (!documents.empty() && !documents[0].IsNull()) read(reader, documents[0]);
  } catch (const YAML::Exception& e) {
    reader.Problem(e.mark, "not valid YAML: " + e.msg + std::string(HintFor(text, e)));
  }
  if (auto error = reader.error()) return Fail(*std::move(error));
  return {};
}

}  // namespace heapwatch
