// The diff against the tool that engineers know: what `go tool pprof` says of two files must be
// what it says of the one file we make of them, and what our own table says.
#include "analysis/profile/diff_pprof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/diff_functions.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/frame_names.h"
#include "tests/analysis/profile/diff_test_profiles.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct FlatAndCum {
  std::int64_t flat;
  std::int64_t cum;
  bool operator==(const FlatAndCum&) const = default;
  friend void PrintTo(const FlatAndCum& values, std::ostream* out) {
    *out << values.flat << " " << values.cum;
  }
};
using FunctionTable = std::map<std::string, FlatAndCum>;

// The rows of `pprof -top`; those without flat and cum are left out, and so is the remark
// "(inline)".
FunctionTable ParseTop(const std::string& top) {
  FunctionTable table;
  std::istringstream lines(top);
  std::string line;
  while (std::getline(lines, line) && line.find("flat%") == std::string::npos) continue;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string flat;
    std::string flat_share;
    std::string sum_share;
    std::string cum;
    std::string cum_share;
    std::string name;
    cells >> flat >> flat_share >> sum_share >> cum >> cum_share >> std::ws;
    std::getline(cells, name);
    for (const std::string remark : {" (inline)", " (partial-inline)"})
      if (name.ends_with(remark)) name.resize(name.size() - remark.size());
    const FlatAndCum values{std::stoll(flat), std::stoll(cum)};
    if (values.flat != 0 || values.cum != 0) table[name] = values;
  }
  return table;
}

// The rows without their percentages, and without the total these are of.
std::string WithoutShares(const std::string& top) {
  std::string rows = top;
  RE2::GlobalReplace(&rows, R"( *[-0-9.e]+%| of \d+B? total)", "");
  return rows;
}

FunctionTable TableOf(const ProfileDiff& diff) {
  FunctionTable table;
  for (const FunctionChange& f : FunctionChanges(diff, FunctionOrder::kFlat))
    if (f.flat.change() != 0 || f.cum.change() != 0)
      table[f.name] = {f.flat.change(), f.cum.change()};
  return table;
}

class DiffAgainstPprof : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindProgram("go").empty()) GTEST_SKIP() << "go is not installed";
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '_');
    folder_ = ::testing::TempDir() + "/diff_against_pprof_" + name;
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  // What pprof prints from "Showing nodes" on: all that does not name the files and their times.
  static std::string Top(std::vector<std::string> arguments, const std::string& sample_index) {
    arguments.insert(arguments.begin(), {"go", "tool", "pprof", "-top", "-symbolize=none",
                                         "-nodecount=0", "-nodefraction=0", "-edgefraction=0",
                                         "-unit=B", "-sample_index=" + sample_index});
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.standard_error;
    const std::size_t begin = result.standard_output.find("Showing nodes");
    EXPECT_NE(begin, std::string::npos) << result.standard_output;
    return begin == std::string::npos ? "" : result.standard_output.substr(begin);
  }

  void Read(const std::string& before, const std::string& after) {
    before_path_ = before;
    after_path_ = after;
    auto decoded_before = DecodeProfile(ReadFile(before));
    auto decoded_after = DecodeProfile(ReadFile(after));
    ASSERT_TRUE(decoded_before && decoded_after);
    before_ = *std::move(decoded_before);
    after_ = *std::move(decoded_after);
  }

  Result<ProfileDiff> Compare(const std::string& sample_type, bool normalize = false) const {
    return Diff(before_, after_, {.sample_type = sample_type, .normalize = normalize});
  }

  std::string Written(const ProfileDiff& diff, PprofForm form) const {
    std::string path = folder_ + "/diff.pb.gz";
    std::ofstream(path, std::ios::binary) << DiffToPprof(diff, form);
    return path;
  }

  // To the byte: numbers, order, percentages and what they are of.
  void ExpectAgreement(PprofForm form, const std::string& sample_type,
                       const std::vector<std::string>& flags) {
    SCOPED_TRACE(after_path_ + " minus " + before_path_ + ", " + sample_type);
    const auto diff = Compare(sample_type);
    ASSERT_TRUE(diff) << diff.error().message;
    std::vector<std::string> theirs = flags;
    theirs.insert(theirs.end(), {form == PprofForm::kSubtracted ? "-base" : "-diff_base",
                                 before_path_, after_path_});
    std::vector<std::string> ours = flags;
    ours.push_back(Written(*diff, form));
    const std::string top = Top(theirs, sample_type);
    const std::string our_top = Top(ours, sample_type);
    EXPECT_EQ(WithoutShares(our_top), WithoutShares(top));
    if (shares_agree_) {
      EXPECT_EQ(our_top, top);
    }
    EXPECT_EQ(TableOf(*diff), ParseTop(top));
  }

  void ExpectAgreementNormalized(const std::string& sample_type) {
    SCOPED_TRACE(after_path_ + " minus " + before_path_ + ", " + sample_type + ", normalized");
    const auto diff = Compare(sample_type, true);
    ASSERT_TRUE(diff) << diff.error().message;
    const FunctionTable theirs =
        ParseTop(Top({"-normalize", "-base", before_path_, after_path_}, sample_type));
    const FunctionTable our_table = TableOf(*diff);
    EXPECT_EQ(our_table, ParseTop(Top({Written(*diff, PprofForm::kSubtracted)}, sample_type)));
    // Each sample is rounded by itself, and pprof keeps samples apart that differ in their
    // addresses alone: sums may differ by half a unit for each, of which there are hardly more than
    // twice as many as we have.
    std::map<std::string, double> tolerances = SampleCounts(*diff);
    for (FunctionTable ours = our_table; const auto& [name, value] : theirs) {
      EXPECT_NEAR(static_cast<double>(ours[name].flat), static_cast<double>(value.flat),
                  1 + tolerances[name])
          << name;
      EXPECT_NEAR(static_cast<double>(ours[name].cum), static_cast<double>(value.cum),
                  1 + tolerances[name])
          << name;
    }
  }

  // Samples in whose stack a function stands.
  static std::map<std::string, double> SampleCounts(const ProfileDiff& diff) {
    const FrameNames names(diff.profile);
    std::map<std::string, double> counts;
    std::vector<NameId> frames;
    for (const Sample& sample : diff.profile.samples) {
      names.Frames(sample.stack, frames);
      for (const NameId frame : frames) ++counts[std::string(names.name(frame))];
    }
    return counts;
  }

  bool shares_agree_ = true;
  std::string folder_;
  std::string before_path_;
  std::string after_path_;
  HeapProfile before_;
  HeapProfile after_;
};

constexpr const char* kSampleTypes[] = {"inuse_space", "inuse_objects", "alloc_space",
                                        "alloc_objects"};

TEST_F(DiffAgainstPprof, AgreesOnOurOwnProfiles) {
  const std::string before = folder_ + "/before.pb.gz";
  const std::string after = folder_ + "/after.pb.gz";
  std::ofstream(before, std::ios::binary) << EncodePprof(LeakBefore());
  std::ofstream(after, std::ios::binary) << EncodePprof(LeakAfter());
  Read(before, after);
  for (const PprofForm form : {PprofForm::kSubtracted, PprofForm::kBothSides}) {
    for (const char* type : kSampleTypes) {
      ExpectAgreement(form, type, {});
      ExpectAgreement(form, type, {"-cum"});
    }
  }
  ExpectAgreementNormalized("inuse_space");
}

TEST_F(DiffAgainstPprof, LetsOneSideBeSeenAlone) {
  before_ = LeakBefore();
  after_ = LeakAfter();
  const std::string path = Written(*Compare("inuse_space"), PprofForm::kBothSides);
  EXPECT_EQ(ParseTop(Top({"-tagfocus=pprof::base=true", path}, "inuse_space"))["main.leak"],
            (FlatAndCum{-kMiB, -kMiB}));
  EXPECT_EQ(ParseTop(Top({"-tagignore=pprof::base=true", path}, "inuse_space"))["main.leak"],
            (FlatAndCum{5 * kMiB, 5 * kMiB}));
}

TEST_F(DiffAgainstPprof, OpensTheDiffOfTwoEqualProfiles) {
  before_ = after_ = LeakBefore();
  const std::string path = Written(*Compare("inuse_space"), PprofForm::kSubtracted);
  EXPECT_THAT(Top({path}, "inuse_space"), ::testing::HasSubstr("of 0 total"));
}

// pprof shows a frame without a name as its file, we as an offset in it: so only what pprof says of
// both is compared. In this text samples are kept apart by the mean size of their blocks as well.
TEST_F(DiffAgainstPprof, AgreesOnTextWithoutNames) {
  const std::string shared = InSource("../shared/data/profiles/");
  if (!fs::exists(shared)) GTEST_SKIP() << shared << " is not there";
  Read(shared + "gperftools-2.10-python.0002.heap.gz",
       shared + "gperftools-2.10-python.0009.heap.gz");
  for (const char* type : {"inuse_space", "inuse_objects"}) {
    const auto diff = Compare(type);
    ASSERT_TRUE(diff) << diff.error().message;
    EXPECT_EQ(WithoutShares(Top({Written(*diff, PprofForm::kSubtracted)}, type)),
              WithoutShares(Top({"-base", before_path_, after_path_}, type)));
  }
}

struct Pair {
  std::string before;
  std::string after;
  // `-base` gives shares of all changes, summed sample by sample; pprof keeps samples apart that
  // differ in their addresses alone, or (in gperftools' text) in the mean size of their blocks.
  // Where such have opposite signs its shares are of a larger sum.
  bool shares_agree = true;
  friend void PrintTo(const Pair& pair, std::ostream* out) {
    *out << pair.after << " minus " << pair.before;
  }
};

class DiffOfRecordedProfiles : public DiffAgainstPprof, public ::testing::WithParamInterface<Pair> {
 protected:
  void SetUp() override {
    DiffAgainstPprof::SetUp();
    if (IsSkipped()) return;
    const std::string shared = InSource("../shared/data/profiles/");
    if (!fs::exists(shared + GetParam().before)) GTEST_SKIP() << shared << " is not there";
    Read(shared + GetParam().before, shared + GetParam().after);
    shares_agree_ = GetParam().shares_agree;
  }
};

TEST_P(DiffOfRecordedProfiles, AgreesToTheByte) {
  for (const char* type : kSampleTypes) ExpectAgreement(PprofForm::kSubtracted, type, {});
  ExpectAgreement(PprofForm::kBothSides, "inuse_space", {"-cum"});
  ExpectAgreement(PprofForm::kBothSides, "alloc_objects", {});
  ExpectAgreementNormalized("inuse_space");
  ExpectAgreementNormalized("alloc_objects");
}

TEST_P(DiffOfRecordedProfiles, AgreesToTheByteBackwards) {
  Read(after_path_, before_path_);
  ExpectAgreement(PprofForm::kSubtracted, "inuse_space", {"-cum"});
  ExpectAgreementNormalized("inuse_space");
}

// Every two snapshots of one program, in the order they were taken.
std::vector<Pair> PairsOf(const std::vector<std::string>& names) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = i + 1; j < names.size(); ++j) pairs.push_back({names[i], names[j]});
  return pairs;
}

INSTANTIATE_TEST_SUITE_P(Etcd, DiffOfRecordedProfiles,
                         ::testing::ValuesIn(PairsOf({"etcd-3.5.t0.pb.gz", "etcd-3.5.t1.pb.gz",
                                                      "etcd-3.5.t2.pb.gz", "etcd-3.5.t3.pb.gz"})));
INSTANTIATE_TEST_SUITE_P(Prometheus, DiffOfRecordedProfiles,
                         ::testing::ValuesIn(PairsOf({"prometheus-2.53-go1.24.t0.pb.gz",
                                                      "prometheus-2.53-go1.24.t1.pb.gz",
                                                      "prometheus-2.53-go1.24.t2.pb.gz",
                                                      "prometheus-2.53-go1.24.t3.pb.gz"})));
// Every allocation recorded; another sampling rate; another program with hardly a stack in common;
// another endpoint.
INSTANTIATE_TEST_SUITE_P(
    Mixed, DiffOfRecordedProfiles,
    ::testing::Values(Pair{"etcd-3.5-rate1.t0.pb.gz", "etcd-3.5-rate1.t3.pb.gz", false},
                      Pair{"etcd-3.5.t3.pb.gz", "etcd-3.5-rate1.t0.pb.gz", false},
                      Pair{"etcd-3.5.t0.pb.gz", "prometheus-2.53-go1.24.t0.pb.gz", false},
                      Pair{"prometheus-2.53.t2.allocs.pb.gz", "prometheus-2.53-go1.24.t3.pb.gz"}));

}  // namespace
}  // namespace heapwatch
