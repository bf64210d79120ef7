#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

TEST(CommandLine, VersionTellsNameAndNumber) {
  const CommandOutcome outcome = RunCommand({"version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("heapwatch 0."));
}

TEST(CommandLine, HelpListsTheCommandsAndSucceeds) {
  const CommandOutcome outcome = RunCommand({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("version"));
}

TEST(CommandLine, WithoutACommandIsAUsageError) {
  const CommandOutcome outcome = RunCommand({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("subcommand"));
}

TEST(CommandLine, UnknownOptionIsAUsageErrorThatNamesIt) {
  const CommandOutcome outcome = RunCommand({"version", "--frobnicate"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("frobnicate"));
}

}  // namespace
}  // namespace heapwatch
