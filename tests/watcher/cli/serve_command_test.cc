// heapwatch serve as a process of its own: how it starts, stops, and what a sudden death costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/http_probe.h"
#include "tests/support/paths.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_profile.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = RawServer::Then;

constexpr seconds kPatience(60);
const std::string kReachedAs = "reached as http://127.0.0.1:";

class ServeCommandTest : public ::testing::Test {
 protected:
  void WriteConfig(const std::vector<std::string>& addresses, const std::string& timeout = "20ms") {
    std::string text =
        "global: {scrape_interval: 20ms, scrape_timeout: 20ms, evaluation_interval: 20ms}\n"
        "scrape_configs:\n  - job_name: test\n    scrape_interval: " +
        timeout + "\n    scrape_timeout: " + timeout + "\n    static_configs:\n      - targets: [";
    for (const std::string& address : addresses) text += '"' + address + "\", ";
    directory_.Write("heapwatch.yml", text + "]\n");
  }
  void Serve(std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {
        InBuild("heapwatch").string(),    "serve",          "--config.file",
        directory_.Path("heapwatch.yml"), "--storage.path", directory_.Path("data"),
        "--web.listen-address",           "127.0.0.1:0"};
    argv.insert(argv.end(), more.begin(), more.end());
    process_ = std::make_unique<Subprocess>(std::move(argv));
    ASSERT_TRUE(process_->WaitForText(kReachedAs, kPatience)) << process_->all_output();
    const std::string log = process_->standard_error();
    port_ =
        static_cast<std::uint16_t>(std::stoi(log.substr(log.find(kReachedAs) + kReachedAs.size())));
  }
  json::value Ask(const std::string& target) const {
    const auto response = HttpGet("http://127.0.0.1:" + std::to_string(port_) + target);
    return response ? json::parse(response->body) : json::value();
  }
  // "instance time" of every snapshot that the service says it has.
  std::set<std::string> Snapshots() const {
    std::set<std::string> found;
    const json::value targets = Ask("/api/v1/targets");
    for (const char* list : {"active", "gone"}) {
      for (const auto& target : targets.at("data").at(list).as_array()) {
        const std::string id(target.at("id").as_string());
        const json::value answer = Ask("/api/v1/snapshots?target=" + id);
        if (answer.at("status").as_string() != "success") continue;
        for (const auto& snapshot : answer.at("data").at("snapshots").as_array())
          found.insert(id + ' ' + std::string(snapshot.at("time").as_string()));
      }
    }
    return found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Subprocess> process_;
  std::uint16_t port_ = 0;
};

TEST_F(ServeCommandTest, StopsCleanlyOnSigtermWhateverItsPeersDo) {
  const RawServer silent("", Then::kHold);
  const RawServer good(HttpAnswer(200, "application/octet-stream", TestProfileBytes(1 << 20)));
  WriteConfig({silent.address(), good.address()}, "30s");
  Serve();
  RawClient idle(port_);
  RawClient halfway(port_);
  halfway.Send("GET /api/v1/tar");
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(seconds(5)), 0) << process_->all_output();
  EXPECT_THAT(process_->standard_error(), HasSubstr("stopped"));
}

TEST_F(ServeCommandTest, ReloadsOnSighup) {
  const RawServer good(HttpAnswer(200, "application/octet-stream", TestProfileBytes(1 << 20)));
  WriteConfig({});
  Serve();
  WriteConfig({good.address()});
  process_->Signal(SIGHUP);
  EXPECT_TRUE(process_->WaitForText("reloaded: 1 targets", kPatience)) << process_->all_output();
}

TEST_F(ServeCommandTest, LogsJsonWhereAskedTo) {
  WriteConfig({});
  Serve({"--log.format", "json"});
  const std::string log = process_->standard_error();
  const json::value line = json::parse(log.substr(0, log.find('\n')));
  EXPECT_EQ(line.at("level").as_string(), "info");
  EXPECT_THAT(std::string(line.at("message").as_string()), HasSubstr("starts"));
}

TEST_F(ServeCommandTest, LetsNoNameInTheLogReachTheTerminal) {
  directory_.Write("heapwatch.yml",
                   "global: {scrape_interval: 20ms, scrape_timeout: 20ms}\n"
                   "scrape_configs: [{job_name: test, static_configs: [{targets: ['127.0.0.1:1'], "
                   "labels: {zone: \"\\e[31mred\"}}]}]\n");
  Serve();
  ASSERT_TRUE(process_->WaitForText("zone=\"?[31mred\"", kPatience)) << process_->all_output();
  EXPECT_THAT(process_->standard_error(), Not(HasSubstr("\x1B")));
}

TEST_F(ServeCommandTest, IndentsFurtherLinesOfAnEntryOfTheLog) {
  WriteConfig({});
  Serve();
  directory_.Write("heapwatch.yml", "global: {bad: 1, worse: 2}\n");
  process_->Signal(SIGHUP);
  ASSERT_TRUE(process_->WaitForText("\n  " + directory_.Path("heapwatch.yml"), kPatience))
      << process_->all_output();
}

TEST_F(ServeCommandTest, SaysWhyItCannotStart) {
  directory_.Write("heapwatch.yml", "global: {scrape_intervall: 1s}\n");
  Subprocess process({InBuild("heapwatch").string(), "serve", "--config.file",
                      directory_.Path("heapwatch.yml"), "--storage.path", directory_.Path("data")});
  EXPECT_EQ(process.Wait(kPatience), 1);
  EXPECT_THAT(process.standard_error(), HasSubstr("scrape_intervall"));
}

TEST_F(ServeCommandTest, NamesTheWaysOutOfAStoreThatIsDamaged) {
  WriteConfig({});
  std::filesystem::create_directory(directory_.Path("data"));
  directory_.Write("data/CURRENT", "MANIFEST-000001");  // cut short: the end of the line is missing
  Subprocess process({InBuild("heapwatch").string(), "serve", "--config.file",
                      directory_.Path("heapwatch.yml"), "--storage.path", directory_.Path("data")});
  EXPECT_EQ(process.Wait(kPatience), 1);
  EXPECT_THAT(process.standard_error(),
              AllOf(HasSubstr("cannot start: the store in " + directory_.Path("data")),
                    HasSubstr("; put a backup in its place, or move it away to begin anew\n")));
}

TEST_F(ServeCommandTest, FindsEveryAcknowledgedSnapshotAfterItWasKilled) {
  // Profiles that differ, so that every row has something to write.
  std::atomic<int> served = 0;
  const RawServer::Script script = [&](const std::string&) {
    return RawServer::Answer{
        HttpAnswer(200, "application/octet-stream", TestProfileBytes(1'024LL * (1'000 + ++served))),
        Then::kClose};
  };
  const RawServer a(script);
  const RawServer b(script);
  const RawServer c(script);
  WriteConfig({a.address(), b.address(), c.address()});
  std::set<std::string> acknowledged;
  for (int round = 0; round < 5; ++round) {
    Serve();
    const std::set<std::string> found = Snapshots();
    for (const std::string& snapshot : acknowledged)
      EXPECT_TRUE(found.contains(snapshot)) << "lost in round " << round << ": " << snapshot;
    ASSERT_TRUE(WaitUntil([&] { return Snapshots().size() >= found.size() + 20; }, kPatience))
        << process_->all_output();
    acknowledged = Snapshots();
    process_->Kill();
  }
  EXPECT_GE(acknowledged.size(), 100U);
}

}  // namespace
}  // namespace heapwatch
