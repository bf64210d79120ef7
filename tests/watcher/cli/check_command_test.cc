// `heapwatch check config` with the files that it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temporary_directory.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CheckCommandTest : public ::testing::Test {
 protected:
  CommandOutcome Check() {
    return RunCommand({"check", "config",
                       directory_.Write("heapwatch.yml",
                                        "scrape_configs:\n"
                                        "  - job_name: shop\n"
                                        "    static_configs: [{targets: [a]}]\n"
                                        "    file_sd_configs: [{files: ['t/*.yml', more.json]}]\n"
                                        "    relabel_configs:\n"
                                        "      - {action: drop, source_labels: [__meta_filepath], "
                                        "regex: '.*/dropped.yml'}\n")});
  }
  void WriteTargets(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(directory_.Path("t"));
    directory_.Write("t/" + name, text);
  }
  TemporaryDirectory directory_;
};

TEST_F(CheckCommandTest, CountsTheTargetsInFilesAndWarnsOfThoseThatAreNotThere) {
  WriteTargets("a.yml", "- targets: [b, c]\n");
  WriteTargets("dropped.yml", "- targets: [d]\n");
  const CommandOutcome outcome = Check();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1 jobs, 3 targets"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning: job \"shop\""), HasSubstr("more.json")));
}

TEST_F(CheckCommandTest, RefusesBrokenFilesAndTargetsThatCannotBe) {
  WriteTargets("a.yml", "- targets: [b]\n  lables: {}\n");
  WriteTargets("b.yml", "- targets: ['b/c']\n");
  const CommandOutcome outcome = Check();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("a.yml:2:3: unknown field"), HasSubstr("b.yml: target \"b/c\"")));
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace heapwatch
