#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/profile_builder.h"
#include "tests/support/raw_server.h"
#include "tests/watcher/cli/run_command.h"
#include "watcher/cli/commands.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DiffCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    Write("a.pb.gz", EncodePprof(Profile(100)));
    Write("b.pb.gz", EncodePprof(Profile(350)));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static HeapProfile Profile(std::int64_t bytes) {
    ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
    builder.AddSample({{"main.f", "main.go", 7, 5}}, 0, {bytes});
    return std::move(builder).Build();
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
  }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "diff");
    CommandOutcome outcome = RunCommand(arguments);
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  const std::string folder_ = ::testing::TempDir() + "/diff_command_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string out_;
  std::string err_;
};

TEST_F(DiffCommand, ComparesWhatWasAllocatedAlone) {
  const auto allocated = [](std::int64_t bytes) {
    ProfileBuilder builder(std::vector<SampleType>{{"alloc_space", "bytes"}});
    builder.AddSample({{"main.f", "main.go", 7, 5}}, 0, {bytes});
    return EncodePprof(std::move(builder).Build());
  };
  Write("c.pb.gz", allocated(100));
  Write("d.pb.gz", allocated(350));
  EXPECT_EQ(Run({Path("c.pb.gz"), Path("d.pb.gz"), "--sample-index", "alloc_space"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("+250 B"));
}

// As a service with that configuration names them.
TEST_F(DiffCommand, NamesSitesByTheConfiguration) {
  const auto called = [](std::int64_t bytes) {
    ProfileBuilder builder(std::vector<SampleType>{{"inuse_space", "bytes"}});
    builder.AddSample({{"pool.Get", "pool.go", 7, 5}, {"main.g", "main.go", 9, 8}}, 0, {bytes});
    return EncodePprof(std::move(builder).Build());
  };
  Write("c.pb.gz", called(100));
  Write("d.pb.gz", called(350));
  Write("heapwatch.yml", "site_rules: {skip_functions: ['pool\\..*']}\n");
  EXPECT_EQ(Run({Path("c.pb.gz"), Path("d.pb.gz")}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("pool.Get pool.go:+2"));
  EXPECT_EQ(Run({Path("c.pb.gz"), Path("d.pb.gz"), "--config.file", Path("heapwatch.yml")}),
            kExitOk)
      << err_;
  EXPECT_THAT(out_, HasSubstr("main.g main.go:+1"));
  Write("bad.yml", "site_rule: {}\n");
  EXPECT_EQ(Run({Path("c.pb.gz"), Path("d.pb.gz"), "--config.file", Path("bad.yml")}),
            kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("bad.yml:1:1: unknown field"));
}

TEST_F(DiffCommand, PrintsWhatGrew) {
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz")}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("before  a.pb.gz  total 100 B"));
  EXPECT_THAT(out_, HasSubstr("+250 B  ?    +250.0%   100 B  350 B  main.f main.go:+2"));
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(DiffCommand, WritesAProfileThatReadsAsTheDifference) {
  for (const char* format : {"pprof", "pprof-diff-base"}) {
    ASSERT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--format", format, "-o", Path("d.pb.gz")}),
              kExitOk)
        << err_;
    std::ifstream file(Path("d.pb.gz"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto diff = DecodeProfile(bytes);
    ASSERT_TRUE(diff) << diff.error().message;
    EXPECT_EQ(diff->total(Quantity::kInuseSpace), 250);
  }
}

TEST_F(DiffCommand, PrintsJson) {
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--format", "json"}), kExitOk);
  EXPECT_THAT(out_, StartsWith("{\"sample_type\":{\"type\":\"inuse_space\""));
}

TEST_F(DiffCommand, PrintsFoldedStacksAndAPicture) {
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--format", "folded"}), kExitOk);
  EXPECT_EQ(out_, "main.f 100 350\n");
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--format", "svg"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("<svg xmlns="));
}

TEST_F(DiffCommand, ComparesTwoTargetsOfAService) {
  const RawServer service([](const std::string& request) {
    const bool is_after = request.starts_with("GET /api/v1/snapshot?target=b%3A1&t=now&");
    return RawServer::Answer{
        HttpAnswer(200, "application/octet-stream", EncodePprof(Profile(is_after ? 350 : 100)))};
  });
  const std::string url = "http://" + service.address();
  EXPECT_EQ(Run({"--url", url, "--target", "a:1", "--target1", "b:1", "now-1h", "now"}), kExitOk)
      << err_;
  EXPECT_THAT(service.requests()[0],
              StartsWith("GET /api/v1/snapshot?target=a%3A1&t=now-1h&format=pprof"));
  EXPECT_THAT(out_, HasSubstr("+250 B"));
  EXPECT_EQ(Run({"--url", url, "--target", "a:1", "--target1", "b:1", "now-1h", "now", "--format",
                 "json"}),
            kExitOk);
  EXPECT_THAT(out_, HasSubstr(R"("name":"a:1 at now-1h")"));
  EXPECT_THAT(out_, HasSubstr(R"("name":"b:1 at now")"));
  EXPECT_EQ(Run({"--url", url, "--target1", "b:1", "now-1h", "now"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("--target1 requires --target"));
}

TEST_F(DiffCommand, NamesTheFileThatIsMissingOrIsNoProfile) {
  Write("page.html", "<!DOCTYPE html><html><body>Sign in</body></html>");
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("none.pb.gz")}), kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("none.pb.gz: cannot be read: No such file"));
  EXPECT_EQ(Run({Path("page.html"), Path("b.pb.gz")}), kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("page.html: "));
  EXPECT_EQ(Run({folder_, Path("b.pb.gz")}), kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("is a directory"));
}

TEST_F(DiffCommand, SaysWhichSampleTypesThereAre) {
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--sample-index", "alloc_space"}),
            kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("a.pb.gz has no sample type \"alloc_space\""));
}

TEST_F(DiffCommand, SaysWhereItCannotWrite) {
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "-o", Path("no/such/folder")}), kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("no/such/folder: No such file"));
}

TEST_F(DiffCommand, RefusesACountOfRowsThatIsNone) {
  for (const char* top : {"-3", "99999999999999999999", "all"})
    EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--top", top}), kExitUsage) << top;
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--top", "0", "--by", "function"}), kExitOk);
}

TEST_F(DiffCommand, RefusesAFormatItDoesNotKnow) {
  for (const char* format : {"yaml", "4", "TEXT"}) {
    EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--format", format}), kExitUsage) << format;
    EXPECT_THAT(err_, HasSubstr(std::string("--format: ") + format +
                                " not in {folded,json,pprof,pprof-diff-base,svg,text}"));
  }
  EXPECT_EQ(Run({Path("a.pb.gz"), Path("b.pb.gz"), "--by", "1"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("--by: 1 not in {cum,function,site,stack}"));
  EXPECT_EQ(Run({Path("a.pb.gz")}), kExitUsage);
}

}  // namespace
}  // namespace heapwatch
