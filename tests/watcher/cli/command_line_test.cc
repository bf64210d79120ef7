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

TEST(CommandLine, TakesAChoiceByItsNameAndNotByANumber) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"serve", "--log.format", "1"},
                                             {"serve", "--log.level", "1"},
                                             {"replay", "x", "--format", "1"},
                                             {"diff", "a", "b", "--by", "1"}}) {
    const CommandOutcome outcome = RunCommand(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << arguments[0];
    EXPECT_THAT(outcome.err, HasSubstr("1 not in {")) << arguments[0];
  }
}

TEST(CommandLine, UnknownOptionIsAUsageErrorThatNamesItAndTheNearest) {
  const CommandOutcome outcome = RunCommand({"targets", "--frobnicate"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "heapwatch targets: there is no option --frobnicate: `heapwatch targets --help` lists "
            "those there are\n");
  for (const std::vector<std::string>& misspelt :
       std::vector<std::vector<std::string>>{{"serve", "--storage.pth", "x"},
                                             {"serve", "--storage.pth=x"},
                                             {"store", "stat", "--storage-path", "x"},
                                             {"diff", "--strage.path=x"}}) {
    const CommandOutcome told = RunCommand(misspelt);
    EXPECT_EQ(told.exit_code, 2);
    const bool is_of_diff = misspelt[0] == "diff";  // which lacks A and B, too
    EXPECT_THAT(told.err, HasSubstr(is_of_diff ? "diff: there is no option --strage.path"
                                               : "did you mean --storage.path?\n"));
  }
  EXPECT_EQ(RunCommand({"--verison"}).err,
            "heapwatch: there is no option --verison: did you mean --version?\n");
}

}  // namespace
}  // namespace heapwatch
