// Runs the command line within the test, as `main` would, and keeps what it prints.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "watcher/cli/commands.h"

namespace heapwatch {

struct CommandOutcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// `arguments` without the program's own name.
inline CommandOutcome RunCommand(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"heapwatch"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int exit_code = RunCommandLine(static_cast<int>(argv.size()), argv.data());
  std::string out = ::testing::internal::GetCapturedStdout();
  return {exit_code, std::move(out), ::testing::internal::GetCapturedStderr()};
}

}  // namespace heapwatch
