#include "tests/support/subprocess.h"

#include <gtest/gtest.h>

#include <csignal>

namespace heapwatch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Subprocess, CapturesBothStreamsAndTheExitCode) {
  const ProgramResult result = RunProgram({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.standard_output, "out\n");
  EXPECT_EQ(result.standard_error, "err\n");
}

TEST(Subprocess, SaysWhichProgramCouldNotBeStarted) {
  const ProgramResult result = RunProgram({"/no/such/program"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.standard_error, "cannot start /no/such/program: No such file or directory\n");
}

TEST(Subprocess, WaitsForTextWhileTheChildRuns) {
  Subprocess child({"sh", "-c", "echo ready; exec sleep 60"});
  EXPECT_TRUE(child.WaitForText("ready", seconds(10)));
  EXPECT_TRUE(child.Running());
  child.Kill();
  EXPECT_EQ(child.Wait(milliseconds(0)), 128 + SIGKILL);
}

TEST(Subprocess, StopsWaitingForTextOnceTheChildHasEnded) {
  Subprocess child({"true"});
  EXPECT_FALSE(child.WaitForText("never", seconds(60)));
}

TEST(Subprocess, KillsAtTheDeadline) {
  EXPECT_EQ(RunProgram({"sleep", "60"}, milliseconds(50)).exit_code, std::nullopt);
}

TEST(Subprocess, HandsEnvironmentAndDirectoryOver) {
  SubprocessOptions options;
  options.environment = {{"GREETING", "hello"}};
  options.working_directory = "/";
  EXPECT_EQ(RunProgram({"sh", "-c", "echo $GREETING; pwd"}, seconds(10), options).standard_output,
            "hello\n/\n");
}

TEST(Subprocess, ReadsMoreThanAPipeHolds) {
  const ProgramResult result = RunProgram({"head", "-c", "1000000", "/dev/zero"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.standard_output.size(), 1'000'000U);
}

TEST(FreePort, IsOneThatNothingListensOn) {
  EXPECT_FALSE(WaitForPort(FreePort(), milliseconds(0)));
}

}  // namespace
}  // namespace heapwatch
