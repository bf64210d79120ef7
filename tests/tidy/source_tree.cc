#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "tests/support/paths.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTopFolders = {"analysis", "alerting", "config", "tests", "watcher"};
constexpr std::array kTextExtensions = {".h",     ".cc", ".md",  ".txt", ".go", ".yml",
                                        ".proto", ".ts", ".tsx", ".mjs", ".css"};

SourceFile Read(const fs::path& root, const fs::path& path) {
  SourceFile file;
  file.path = fs::relative(path, root).generic_string();
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

std::string Between(const std::string& line, char open, char close) {
  if (!line.starts_with("#include")) return "";
  const auto begin = line.find(open);
  if (begin == std::string::npos) return "";
  const auto end = line.find(close, begin + 1);
  return end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

std::size_t Indent(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

}  // namespace

std::string SourceFile::folder() const { return fs::path(path).parent_path().generic_string(); }
std::string SourceFile::name() const { return fs::path(path).filename().string(); }
std::string SourceFile::extension() const { return fs::path(path).extension().string(); }
std::string SourceFile::At(std::size_t line) const { return path + ":" + std::to_string(line + 1); }

const std::vector<SourceFile>& SourceTree() {
  static const std::vector<SourceFile> tree = [] {
    std::vector<SourceFile> files;
    const fs::path root = InSource("");
    for (const char* top : kTopFolders) {
      for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
        const std::string extension = entry.path().extension().string();
        if (entry.is_regular_file() && std::find(kTextExtensions.begin(), kTextExtensions.end(),
                                                 extension) != kTextExtensions.end())
          files.push_back(Read(root, entry.path()));
      }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
  }();
  return tree;
}

std::string QuotedInclude(const std::string& line) { return Between(line, '"', '"'); }
std::string SystemInclude(const std::string& line) { return Between(line, '<', '>'); }

std::vector<FunctionBody> Functions(const SourceFile& file) {
  std::vector<FunctionBody> functions;
  // Free functions begin at the margin; those written within a class two columns further in.
  for (const std::size_t indent : {std::size_t{0}, std::size_t{2}}) {
    const std::string closing = std::string(indent, ' ') + "}";
    std::size_t begin = 0;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line == closing)
        functions.push_back({begin, i - begin + 1});
      else if (Indent(line) == indent && !line.empty() && line[indent] != '}' &&
               line[indent] != '/' && line[indent] != '#')
        begin = i;
    }
  }
  return functions;
}

}  // namespace heapwatch
