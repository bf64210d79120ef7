#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

TEST(CommandLine, VersionTellsNameAndNumber) {
  const CommandOutcome outcome = RunCommand({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("heapwatch 0."));
}

TEST(CommandLine, HelpListsTheCommandsAndSucceeds) {
  const CommandOutcome outcome = RunCommand({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("--version"));
}

TEST(CommandLine, FailsWhereWhatItPrintsCannotBeWritten) {
  for (const char* const argument : {"--version", "--help"}) {
    std::ofstream full("/dev/full");
    std::streambuf* const before = std::cout.rdbuf(full.rdbuf());
    const CommandOutcome outcome = RunCommand({argument});
    std::cout.rdbuf(before);
    EXPECT_EQ(outcome.exit_code, 1) << argument;
    EXPECT_THAT(outcome.err, HasSubstr("cannot write to the standard output"));
  }
}

TEST(CommandLine, WithoutACommandIsAUsageError) {
  const CommandOutcome outcome = RunCommand({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("subcommand"));
}

TEST(CommandLine, UnknownCommandIsAUsageErrorThatNamesItAndThoseThereAre) {
  const CommandOutcome outcome = RunCommand({"bogus"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("there is no command \"bogus\": expected one of serve, check,"));
  const CommandOutcome nested = RunCommand({"check", "bogus", "x"});
  EXPECT_EQ(nested.exit_code, 2);
  EXPECT_THAT(
      nested.err,
      HasSubstr("there is no command \"bogus\": expected one of config, rules, web-config\n"));
}

TEST(CommandLine, UnknownOptionIsAUsageErrorThatNamesIt) {
  const CommandOutcome outcome = RunCommand({"targets", "--frobnicate"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("frobnicate"));
}

}  // namespace
}  // namespace heapwatch
