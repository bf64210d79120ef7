#include "tests/support/subprocess.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace heapwatch {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPollInterval = std::chrono::milliseconds(20);

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
};

std::vector<std::string> MergedEnvironment(const std::map<std::string, std::string>& changes) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : changes) all[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeProgram(char* const* argv, char* const* environment, const char* directory,
                                int standard_output, int standard_error) {
  // Where the test itself is killed, its children go with it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(standard_output, STDOUT_FILENO);
  ::dup2(standard_error, STDERR_FILENO);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  if (*directory == '\0' || ::chdir(directory) == 0) ::execvpe(argv[0], argv, environment);
  const char* const why = ::strerrordesc_np(errno);
  for (const char* part : {"cannot start ", const_cast<const char*>(argv[0]), ": ", why, "\n"})
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  ::_exit(127);
}

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

// Reads both pipes until the child, and whoever inherited them, has closed them.
class Subprocess::Capture {
 public:
  Capture(int standard_output, int standard_error)
      : fds_{standard_output, standard_error}, reader_([this] { ReadAll(); }) {}
  ~Capture() {
    // A grandchild may hold the pipes open for ever: do not wait for its end.
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    reader_.join();
    for (const int fd : fds_) ::close(fd);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  std::string text(std::size_t stream) const {
    const std::lock_guard lock(mutex_);
    return text_[stream];
  }

  bool WaitForText(std::string_view wanted, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    const auto found = [&] {
      return text_[0].find(wanted) != std::string::npos ||
             text_[1].find(wanted) != std::string::npos;
    };
    changed_.wait_for(lock, timeout, [&] { return found() || closed_; });
    return found();
  }

  // Until everything the child printed has been read.
  void WaitForEnd(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return closed_; });
  }

 private:
  void ReadAll() {
    std::array<pollfd, 2> open = {pollfd{fds_[0], POLLIN, 0}, pollfd{fds_[1], POLLIN, 0}};
    std::string buffer(1 << 16, '\0');
    while (open[0].fd >= 0 || open[1].fd >= 0) {
      ::poll(open.data(), open.size(), static_cast<int>(kPollInterval.count()));
      for (std::size_t i = 0; i < open.size(); ++i) {
        if (open[i].fd < 0 || open[i].revents == 0) continue;
        const ssize_t n = ::read(open[i].fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
          open[i].fd = -1;  // poll passes negative descriptors over
          continue;
        }
        const std::lock_guard lock(mutex_);
        text_[i].append(buffer, 0, static_cast<std::size_t>(n));
        changed_.notify_all();
      }
      const std::lock_guard lock(mutex_);
      if (stop_) break;
    }
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  const std::array<int, 2> fds_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::string, 2> text_;
  bool closed_ = false;
  bool stop_ = false;
  std::thread reader_;  // last: it uses all of the above
};

Subprocess::Subprocess(std::vector<std::string> argv, const SubprocessOptions& options) {
  if (argv.empty()) throw std::invalid_argument("Subprocess: no program given");
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  const std::vector<char*> argv_pointers = Pointers(argv);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const Pipe out;
  const Pipe err;
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    BecomeProgram(argv_pointers.data(), environment_pointers.data(),
                  options.working_directory.c_str(), out.write_end, err.write_end);
  }
  ::close(out.write_end);
  ::close(err.write_end);
  capture_ = std::make_unique<Capture>(out.read_end, err.read_end);
}

Subprocess::~Subprocess() { Kill(); }

bool Subprocess::Running() { return !Wait(std::chrono::milliseconds(0)); }

void Subprocess::Signal(int number) {
  if (!exit_code_) ::kill(pid_, number);
}

void Subprocess::Kill() {
  if (exit_code_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  exit_code_ = ExitCode(status);
}

std::optional<int> Subprocess::Wait(std::chrono::milliseconds timeout) {
  WaitUntil(
      [&] {
        int status = 0;
        if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
          exit_code_ = ExitCode(status);
          capture_->WaitForEnd(std::chrono::seconds(1));
        }
        return exit_code_.has_value();
      },
      timeout);
  return exit_code_;
}

bool Subprocess::WaitForText(std::string_view text, std::chrono::milliseconds timeout) {
  return capture_->WaitForText(text, timeout);
}

std::string Subprocess::standard_output() const { return capture_->text(0); }
std::string Subprocess::standard_error() const { return capture_->text(1); }
std::string Subprocess::all_output() const { return standard_output() + standard_error(); }

ProgramResult RunProgram(std::vector<std::string> argv, std::chrono::milliseconds timeout,
                         const SubprocessOptions& options) {
  Subprocess process(std::move(argv), options);
  ProgramResult result;
  result.exit_code = process.Wait(timeout);
  result.standard_output = process.standard_output();
  result.standard_error = process.standard_error();
  return result;
}

std::uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  const bool ok = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!ok) throw std::system_error(error, std::generic_category(), "no free port");
  return ntohs(address.sin_port);
}

bool WaitUntil(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

bool WaitForPort(std::uint16_t port, std::chrono::milliseconds timeout) {
  return WaitUntil(
      [&] {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return false;
        sockaddr_in address = Loopback(port);
        const bool open =
            ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
        ::close(fd);
        return open;
      },
      timeout);
}

std::string FindProgram(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view() : std::string_view(path);
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    std::string candidate = std::string(rest.substr(0, colon)) + "/" + std::string(program);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  return "";
}

}  // namespace heapwatch
