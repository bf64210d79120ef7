// What `go tool pprof` shows of a recorded profile it shows of the one we write after reading it,
// too.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "tests/analysis/profile/profile_files.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

// Nothing where pprof cannot read the file.
std::string Top(const fs::path& path, const std::string& sample_index) {
  const ProgramResult result = RunProgram(
      {"go", "tool", "pprof", "-top", "-symbolize=none", "-nodecount=0", "-nodefraction=0",
       "-edgefraction=0", "-unit=B", "-sample_index=" + sample_index, path.string()});
  const std::size_t begin = result.standard_output.find("Showing nodes");
  return begin == std::string::npos ? "" : result.standard_output.substr(begin);
}

// The first line alone: pprof takes the names in Go's text for comments.
std::string WithoutRows(const std::string& top) { return top.substr(0, top.find('\n')); }

class RoundTrip : public testing::TestWithParam<fs::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RoundTrip);

TEST_P(RoundTrip, ShowsTheSameInPprof) {
  if (FindProgram("go").empty()) GTEST_SKIP() << "go is not installed";
  const auto profile =
      DecodeProfile(ReadFile(GetParam()), {.allow_delta = true, .allow_without_live = true});
  if (!profile) GTEST_SKIP() << "no heap profile: " << profile.error().message;
  const std::string type = profile->sample_types.back().type;
  const fs::path written = fs::path(testing::TempDir()) / (GetParam().filename().string() + ".out");
  std::ofstream(written, std::ios::binary) << EncodePprof(*profile);
  std::string theirs = Top(GetParam(), type);
  std::string ours = Top(written, type);
  fs::remove(written);
  ASSERT_FALSE(ours.empty());
  const std::string name = GetParam().filename().string();
  if (name.starts_with("jemalloc-")) {
    EXPECT_EQ(theirs, "");  // Go's pprof does not know the format
    return;
  }
  if (name.find("debug1") != std::string::npos) {
    theirs = WithoutRows(theirs);
    ours = WithoutRows(ours);
  }
  EXPECT_EQ(ours, theirs);
}

// pprof takes half a minute for the largest.
std::vector<fs::path> Files(const fs::path& folder) {
  std::vector<fs::path> files = FilesIn(folder);
  std::erase_if(files, [](const fs::path& file) { return fs::file_size(file) > 2'000'000; });
  return files;
}

std::string NameOf(const testing::TestParamInfo<fs::path>& file) {
  std::string name = file.param.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Own, RoundTrip, testing::ValuesIn(Files(InSource("testdata/profiles"))),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Shared, RoundTrip, testing::ValuesIn(Files(SharedProfiles())), NameOf);

}  // namespace
}  // namespace heapwatch
