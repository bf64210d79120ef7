// A child process of a test: started, listened to, signalled, and never left behind.
//
// Everything a child prints is read by a thread of its own, so that a full pipe never stops it.
// Nothing here sleeps and hopes: waits are for a condition, with a deadline. The destructor kills
// (SIGKILL) and reaps. One thread per Subprocess.
//
//   Subprocess service({"heapwatch", "serve", "--web.listen-address", "127.0.0.1:" +
//   std::to_string(port)}); ASSERT_TRUE(service.WaitForText("listening", std::chrono::seconds(10)))
//   << service.all_output();
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heapwatch {

struct SubprocessOptions {
  std::map<std::string, std::string> environment;  // added to, or in place of, what the test has
  std::string working_directory;                   // "": the test's own
};

class Subprocess {
 public:
  // argv[0] is looked up on PATH unless it holds a slash. A program that cannot be started exits
  // with 127 and says why on its standard error.
  explicit Subprocess(std::vector<std::string> argv, const SubprocessOptions& options = {});
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  void Signal(int number);
  void Kill();  // SIGKILL, and waits for the end

  // The exit code, or 128 + N where signal N ended it; nullopt where it still runs at the deadline.
  std::optional<int> Wait(std::chrono::milliseconds timeout);

  // Until either stream contains `text`. False at the deadline, or once the child has ended without
  // saying so.
  bool WaitForText(std::string_view text, std::chrono::milliseconds timeout);

  // What was printed so far.
  std::string standard_output() const;
  std::string standard_error() const;
  std::string all_output() const;  // both, one after the other, for failure messages

 private:
  class Capture;

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::unique_ptr<Capture> capture_;
};

struct ProgramResult {
  std::optional<int> exit_code;  // nullopt: it was killed at the deadline
  std::string standard_output;
  std::string standard_error;
};
// Runs a program to its end.
ProgramResult RunProgram(std::vector<std::string> argv,
                         std::chrono::milliseconds timeout = std::chrono::seconds(60),
                         const SubprocessOptions& options = {});

// A TCP port of 127.0.0.1 that nothing listens on now. Another program may take it before you do:
// retry where that matters.
std::uint16_t FreePort();

// Polls until `condition` holds; false at the deadline.
bool WaitUntil(const std::function<bool()>& condition, std::chrono::milliseconds timeout);

// Until something accepts connections on 127.0.0.1:port.
bool WaitForPort(std::uint16_t port, std::chrono::milliseconds timeout);

// Where `program` is on PATH, or "".
std::string FindProgram(std::string_view program);

}  // namespace heapwatch
