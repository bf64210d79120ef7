// The project's own files, read once, for the tests of the rules of the house.
#pragma once

#include <string>
#include <vector>

namespace heapwatch {

struct SourceFile {
  std::string path;  // from the root: "analysis/base/time.h"
  std::vector<std::string> lines;

  std::string folder() const;     // "analysis/base"
  std::string name() const;       // "time.h"
  std::string extension() const;  // ".h"
  bool is_code() const { return extension() == ".h" || extension() == ".cc"; }
  std::string At(std::size_t line) const;  // "analysis/base/time.h:12", counted from 0
};

// Every text file of the four top folders and of tests/, by path. Test data are no sources.
const std::vector<SourceFile>& SourceTree();

// What stands between quotes in `#include "..."`, or "".
std::string QuotedInclude(const std::string& line);
// What stands between the angle brackets in `#include <...>`, or "".
std::string SystemInclude(const std::string& line);

struct FunctionBody {
  std::size_t first_line;  // of its signature, counted from 0
  std::size_t line_count;
};
// The functions of a file laid out by clang-format, where only a function's or a block's last line
// is a lone brace.
std::vector<FunctionBody> Functions(const SourceFile& file);

}  // namespace heapwatch
