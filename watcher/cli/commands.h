// The command line: one file and one Add function per sub-command.
//
// An Add function declares its options on a sub-command of `app` and sets a callback that does the
// work and leaves the result in `exit_code`: 0 fine, 1 the input is bad or the work failed, 2 the
// command line itself is wrong (CLI11 sees most of those; the rest is for the callback). State
// lives in a shared_ptr that the callback captures. Results go to stdout, complaints to stderr.
#pragma once

#include <CLI/App.hpp>

namespace heapwatch {

inline constexpr int kExitOk = 0;
inline constexpr int kExitBadInput = 1;
inline constexpr int kExitUsage = 2;

void AddCheckCommand(CLI::App& app, int& exit_code);
void AddDiffCommand(CLI::App& app, int& exit_code);
void AddExportCommand(CLI::App& app, int& exit_code);
void AddReplayCommand(CLI::App& app, int& exit_code);
void AddServeCommand(CLI::App& app, int& exit_code);
void AddStoreCommand(CLI::App& app, int& exit_code);
void AddTargetsCommand(CLI::App& app, int& exit_code);
void AddTopCommand(CLI::App& app, int& exit_code);
void AddTrendCommand(CLI::App& app, int& exit_code);

// The whole program: parses the arguments, runs the sub-command, returns the exit code.
int RunCommandLine(int argc, const char* const* argv);

}  // namespace heapwatch
