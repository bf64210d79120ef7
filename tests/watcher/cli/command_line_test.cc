#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "watcher/cli/commands.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome RunArguments(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "heapwatch");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int exit_code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data());
  std::string out = ::testing::internal::GetCapturedStdout();
  return {exit_code, std::move(out), ::testing::internal::GetCapturedStderr()};
}

TEST(CommandLine, VersionTellsNameAndNumber) {
  const Outcome outcome = RunArguments({"version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("heapwatch 0."));
}

TEST(CommandLine, HelpListsTheCommandsAndSucceeds) {
  const Outcome outcome = RunArguments({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("version"));
}

TEST(CommandLine, WithoutACommandIsAUsageError) {
  const Outcome outcome = RunArguments({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("subcommand"));
}

TEST(CommandLine, UnknownOptionIsAUsageErrorThatNamesIt) {
  const Outcome outcome = RunArguments({"version", "--frobnicate"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("frobnicate"));
}

}  // namespace
}  // namespace heapwatch
