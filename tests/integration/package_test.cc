// The Debian package, made by cpack as `./dev package` makes it, and looked into with dpkg's own
// tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::chrono::minutes kPatience(5);
constexpr const char* kConfiguration = "/etc/heapwatch/heapwatch.yml";

std::string ReadText(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// What a program prints that is to succeed, without the last line's end.
std::string OutputOf(std::vector<std::string> argv, const SubprocessOptions& options = {}) {
  const ProgramResult result = RunProgram(argv, kPatience, options);
  EXPECT_EQ(result.exit_code, 0) << argv[0] << ": " << result.standard_output
                                 << result.standard_error;
  std::string text = result.standard_output;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

class PackageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const char* program : {"cpack", "dpkg-deb", "dpkg-shlibdeps", "file"})
      if (FindProgram(program).empty()) missing_ = program;
    if (!missing_.empty()) return;
    place_ = std::make_unique<TemporaryDirectory>();
    OutputOf({"cpack", "--config", InBuild("CPackConfig.cmake").string(), "-B", place_->path()});
    for (const auto& entry : fs::directory_iterator(place_->path()))
      if (entry.path().extension() == ".deb") deb_ = entry.path();
    OutputOf({"dpkg-deb", "-x", deb_.string(), place_->Path("root")});
    OutputOf({"dpkg-deb", "-e", deb_.string(), place_->Path("control")});
  }
  static void TearDownTestSuite() { place_.reset(); }
  void SetUp() override {
    if (!missing_.empty()) GTEST_SKIP() << missing_ << " is not installed (./dev test brings it)";
    ASSERT_FALSE(deb_.empty());
  }

  static std::string Field(const std::string& name) {
    return OutputOf({"dpkg-deb", "-f", deb_.string(), name});
  }
  // Of a file as it lies on a machine where the package is installed.
  static fs::path Installed(const std::string& path) { return place_->path() + "/root" + path; }
  static fs::path Control(const std::string& name) { return place_->Path("control/" + name); }

  static inline std::unique_ptr<TemporaryDirectory> place_;
  static inline fs::path deb_;
  static inline std::string missing_;
};

TEST_F(PackageTest, SaysWhatItIsAndWhichPackagesItNeeds) {
  const std::string version = Field("Version");
  const std::string architecture = Field("Architecture");
  EXPECT_EQ(deb_.filename(), "heapwatch_" + version + "_" + architecture + ".deb");
  EXPECT_EQ(Field("Package"), "heapwatch");
  EXPECT_EQ(architecture, OutputOf({"dpkg", "--print-architecture"}));
  EXPECT_EQ(Field("Section"), "net");
  EXPECT_EQ(Field("Priority"), "optional");
  EXPECT_EQ(Field("Recommends"), "ca-certificates");
  EXPECT_EQ(Field("Homepage"), "");
  EXPECT_THAT(Field("Depends"),
              AllOf(HasSubstr("libc6 (>= "), HasSubstr("libspdlog"), HasSubstr("librocksdb"),
                    HasSubstr("libboost-json"), HasSubstr("libyaml-cpp"), HasSubstr("libssl3")));
  EXPECT_THAT(Field("Description"),
              ContainsRegex("^memory-leak watcher for running programs\n Heapwatch .*\n \\.\n"));
}

TEST_F(PackageTest, LaysEachFileWhereItBelongs) {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> folders;
  std::istringstream listing(OutputOf({"dpkg-deb", "-c", deb_.string()}));
  for (std::string line; std::getline(listing, line);) {
    const std::string mode_and_owner = line.substr(0, line.find(' ', line.find(' ') + 1));
    const std::string path = line.substr(line.rfind(' ') + 1);
    (line.starts_with('d') ? folders : files).emplace(path, mode_and_owner);
  }
  const std::string program = "-rwxr-xr-x root/root";
  const std::string plain = "-rw-r--r-- root/root";
  const std::string doc = "./usr/share/doc/heapwatch/";
  const std::string examples = doc + "examples/";
  EXPECT_EQ(files, (std::map<std::string, std::string>{
                       {"./usr/bin/heapwatch", program},
                       {"./usr/lib/systemd/system/heapwatch.service", plain},
                       {std::string(".") + kConfiguration, plain},
                       {doc + "README.md", plain},
                       {doc + "copyright", plain},
                       {examples + "alertmanager/alertmanager.yml", plain},
                       {examples + "heapwatch.yml", plain},
                       {examples + "prometheus/heapwatch_alerts.yml", plain},
                       {examples + "prometheus/heapwatch_recording.yml", plain},
                       {examples + "prometheus/heapwatch_site_alerts.yml", plain},
                       {examples + "prometheus/prometheus.yml", plain},
                       {examples + "web.yml", plain},
                   }));
  EXPECT_GE(folders.size(), 10U);
  for (const auto& [folder, is] : folders) EXPECT_EQ(is, "drwxr-xr-x root/root") << folder;
}

TEST_F(PackageTest, LeavesTheConfigurationToTheOperator) {
  EXPECT_EQ(ReadText(Control("conffiles")), std::string(kConfiguration) + "\n");
}

TEST_F(PackageTest, HasScriptsThatDpkgCanRun) {
  for (const char* script : {"postinst", "prerm", "postrm"}) {
    const std::string path = Control(script).string();
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
    EXPECT_EQ(status.st_mode & 0777U, 0755U) << path;
    EXPECT_THAT(ReadText(path), StartsWith("#!/bin/sh\n"));
    OutputOf({"sh", "-n", path});
  }
}

// The scripts with all they call replaced by a program that writes down how it was called; whether
// systemd runs here, and is called as well, does not matter.
TEST_F(PackageTest, EnablesTheServiceUnlessTheOperatorDisabledIt) {
  const TemporaryDirectory fakes;
  for (const char* name : {"deb-systemd-helper", "deb-systemd-invoke", "systemctl"}) {
    const std::string fake = fakes.Write(
        name, "#!/bin/sh\necho \"$@\" >>\"$CALLS\"\n[ \"$2\" != was-enabled ] || $WAS_ENABLED\n");
    fs::permissions(fake, fs::perms::owner_all);
  }
  const auto calls_of = [&](const std::string& script, const std::string& action,
                            const std::string& was_enabled) {
    const std::string calls = fakes.Write("calls", "");
    OutputOf({"sh", Control(script).string(), action, ""},
             {.environment = {{"CALLS", calls},
                              {"WAS_ENABLED", was_enabled},
                              {"PATH", fakes.path() + ":/usr/bin:/bin"}},
              .working_directory = ""});
    return ReadText(calls);
  };
  EXPECT_THAT(calls_of("postinst", "configure", "true"), HasSubstr("enable heapwatch.service\n"));
  EXPECT_THAT(
      calls_of("postinst", "configure", "false"),
      AllOf(HasSubstr("update-state heapwatch.service\n"), Not(HasSubstr("\nenable heapwatch"))));
  EXPECT_THAT(calls_of("postrm", "purge", "true"), HasSubstr("purge heapwatch.service\n"));
  EXPECT_EQ(calls_of("prerm", "upgrade", "true"), "");
}

TEST_F(PackageTest, StartsByWatchingNobody) {
  EXPECT_EQ(OutputOf({Installed("/usr/bin/heapwatch").string(), "check", "config",
                      Installed(kConfiguration).string()}),
            Installed(kConfiguration).string() + " is good: 0 jobs, 0 targets");
}

TEST_F(PackageTest, RunsAsItsUnitSays) {
  const std::string unit = ReadText(Installed("/usr/lib/systemd/system/heapwatch.service"));
  EXPECT_THAT(unit, HasSubstr("\nExecStart=/usr/bin/heapwatch serve --config.file " +
                              std::string(kConfiguration) + " "));
  EXPECT_THAT(OutputOf({Installed("/usr/bin/heapwatch").string(), "--version"}),
              StartsWith("heapwatch " + Field("Version") + " "));
}

}  // namespace
}  // namespace heapwatch
