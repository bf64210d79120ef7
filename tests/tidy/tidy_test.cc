// The rules of the house, each as a test that names every place where it is broken.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "tests/tidy/source_tree.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileLines = 500;
constexpr std::size_t kMostFunctionLines = 70;

using Folders = std::set<std::string>;

// Who may include whom, bottom up: a folder sees those below it, never above.
const std::map<std::string, Folders>& IncludeTable() {
  static const std::map<std::string, Folders> table = [] {
    std::map<std::string, Folders> t;
    t["analysis/base"] = {};
    t["analysis/profile"] = {"analysis/base"};
    t["analysis/series"] = {"analysis/base", "analysis/profile"};
    t["analysis/trend"] = {"analysis/base", "analysis/profile", "analysis/series"};
    t["config"] = t["analysis/trend"];
    t["config"].insert("analysis/trend");
    t["alerting"] = t["config"];
    t["alerting"].insert("config");
    t["watcher/net"] = {"analysis/base", "config"};
    t["watcher/access"] = {"analysis/base", "config", "watcher/net"};
    t["watcher/discovery"] = {"analysis/base", "config", "watcher/net"};
    t["watcher/scrape"] = {"analysis/base", "analysis/profile", "analysis/series", "config",
                           "watcher/net"};
    t["watcher/store"] = t["watcher/scrape"];
    t["watcher/push"] = t["watcher/scrape"];
    t["watcher/push"].insert("watcher/scrape");
    t["watcher/notify"] = {"analysis/base", "alerting", "config", "watcher/net"};
    t["watcher/web"] = {};
    t["watcher/api"] = t["alerting"];
    t["watcher/api"].insert({"alerting", "watcher/discovery", "watcher/net", "watcher/notify",
                             "watcher/push", "watcher/scrape", "watcher/store", "watcher/web"});
    t["watcher/app"] = t["watcher/api"];
    t["watcher/app"].insert({"watcher/access", "watcher/api"});
    t["watcher/cli"] = t["watcher/app"];
    t["watcher/cli"].insert("watcher/app");
    t["watcher"] = {"watcher/cli"};
    return t;
  }();
  return table;
}

TEST(Tidy, FoldersIncludeOnlyWhatLiesBelowThem) {
  for (const SourceFile& file : SourceTree()) {
    if (!file.is_code() || file.path.starts_with("tests/")) continue;
    const auto row = IncludeTable().find(file.folder());
    if (row == IncludeTable().end()) {
      ADD_FAILURE() << file.path << ": its folder is not in the include table; give it a floor";
      continue;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string included = QuotedInclude(file.lines[i]);
      if (included.empty()) continue;
      const std::string folder = fs::path(included).parent_path().generic_string();
      EXPECT_TRUE(folder == file.folder() || row->second.contains(folder))
          << file.At(i) << ": " << file.folder() << " may not include " << included;
    }
  }
}

TEST(Tidy, AnalysisAndAlertingStayPure) {
  const RE2 impure(
      "(thread|iostream|fstream|filesystem|spdlog/.*|boost/(asio|beast).*|rocksdb/.*)");
  for (const SourceFile& file : SourceTree()) {
    if (!file.path.starts_with("analysis/") && !file.path.starts_with("alerting/")) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_FALSE(RE2::FullMatch(SystemInclude(file.lines[i]), impure))
          << file.At(i) << ": no I/O, clock, thread or log down here: " << file.lines[i];
    }
  }
}

TEST(Tidy, FilesAndFunctionsAreShortEnoughToRead) {
  for (const SourceFile& file : SourceTree()) {
    if (!file.is_code()) continue;
    EXPECT_LE(file.lines.size(), kMostFileLines) << file.path;
    for (const FunctionBody& body : Functions(file)) {
      EXPECT_LE(body.line_count, kMostFunctionLines)
          << file.At(body.first_line) << ": " << file.lines[body.first_line];
    }
  }
}

TEST(Tidy, EverySourceIsBuilt) {
  std::map<std::string, std::string> cmake_lists;  // folder -> text
  for (const SourceFile& file : SourceTree()) {
    if (file.name() != "CMakeLists.txt") continue;
    for (const std::string& line : file.lines) cmake_lists[file.folder()] += line + " ";
  }
  for (const SourceFile& file : SourceTree()) {
    if (file.extension() != ".cc") continue;
    const RE2 whole_name("(^|[ (])" + RE2::QuoteMeta(file.name()) + "($|[ )])");
    EXPECT_TRUE(RE2::PartialMatch(cmake_lists[file.folder()], whole_name))
        << file.path << " stands in no CMakeLists.txt of its folder";
  }
}

TEST(Tidy, EveryHeaderIsUsedAndSaysWhatItIsFor) {
  std::set<std::string> included;
  for (const SourceFile& file : SourceTree())
    for (const std::string& line : file.lines) included.insert(QuotedInclude(line));
  for (const SourceFile& file : SourceTree()) {
    if (file.extension() != ".h") continue;
    EXPECT_TRUE(included.contains(file.path)) << file.path << ": nobody includes it";
    EXPECT_TRUE(!file.lines.empty() && file.lines[0].starts_with("// "))
        << file.path << ": must open with its purpose";
    EXPECT_NE(std::find(file.lines.begin(), file.lines.end(), "#pragma once"), file.lines.end())
        << file.path;
  }
}

TEST(Tidy, NothingIsLeftForLater) {
  // Worked examples in comments are set in by three blanks; a single one before code means code put
  // out of use.
  const RE2 dead_code("^ *// ?[^ ].*(\\);|\\{|^ *// *\\})$");
  const RE2 marker(std::string("\\b(TO") + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b");
  for (const SourceFile& file : SourceTree()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      EXPECT_FALSE(RE2::PartialMatch(line, marker)) << file.At(i) << ": " << line;
      if (!file.is_code()) continue;
      EXPECT_FALSE(RE2::FullMatch(line, dead_code)) << file.At(i) << ": " << line;
    }
  }
}

TEST(Tidy, NoNamespaceIsPouredOut) {
  const RE2 pouring("^ *using namespace .*");
  for (const SourceFile& file : SourceTree()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      EXPECT_FALSE(RE2::FullMatch(file.lines[i], pouring)) << file.At(i);
  }
}

// Of two types of one name the linker takes one's constructors and destructor for both.
TEST(Tidy, NoTwoTypesHaveOneName) {
  const RE2 opening("^(?:inline )?namespace ?([\\w:]*) \\{$");
  const RE2 type("^(?:struct|class|union|enum|enum class) (\\w+)(?: final)?(?: : .*)? \\{.*");
  std::map<std::string, std::string> known;
  for (const SourceFile& file : SourceTree()) {
    if (!file.is_code()) continue;
    std::vector<std::string> spaces;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      std::string name;
      if (RE2::FullMatch(file.lines[i], opening, &name)) spaces.push_back(name);
      if (file.lines[i].starts_with("}  // namespace") && !spaces.empty()) spaces.pop_back();
      const bool is_local = std::find(spaces.begin(), spaces.end(), "") != spaces.end();
      if (is_local || !RE2::FullMatch(file.lines[i], type, &name)) continue;
      std::string full = name;
      for (const std::string& space : spaces) full.insert(0, space + "::");
      const auto [other, is_new] = known.emplace(full, file.At(i));
      EXPECT_TRUE(is_new) << file.At(i) << ": there is a " << full << " in " << other->second;
    }
  }
  EXPECT_GT(known.size(), 300U);
}

TEST(Tidy, EveryTopFolderHasAReadme) {
  for (const auto& entry : fs::directory_iterator(InSource(""))) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with(".") || name == "build") continue;
    EXPECT_TRUE(fs::exists(entry.path() / "README.md")) << name;
  }
}

TEST(Tidy, LinksInTheDocumentsLeadSomewhere) {
  const RE2 link("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");
  for (const SourceFile& file : SourceTree()) {
    if (file.extension() != ".md") continue;
    const fs::path folder = InSource(file.folder());
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      re2::StringPiece rest(file.lines[i]);
      for (std::string linked; RE2::FindAndConsume(&rest, link, &linked);)
        EXPECT_TRUE(fs::exists(folder / linked)) << file.At(i) << ": " << linked;
    }
  }
}

}  // namespace
}  // namespace heapwatch
