// A thousand targets, a third of which misbehave in every way: the others are scraped on time,
// memory stays bounded, and the API tells exactly who misbehaves and how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "tests/integration/stand.h"
#include "tests/integration/storm_targets.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Matcher;

constexpr seconds kPatience(60);
constexpr std::size_t kTargets = 1000;
constexpr std::uint64_t kRounds = 5;
#ifdef __SANITIZE_ADDRESS__  // which keeps freed memory back
constexpr std::int64_t kMostRssKib = 2 << 20;
#else
constexpr std::int64_t kMostRssKib = 256 << 10;
#endif

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// 256 MiB of nothing.
std::string Bomb(const TemporaryDirectory& directory) {
  const std::string file = directory.Path("bomb.gz");
  const auto made =
      RunProgram({"sh", "-c", "head -c 268435456 /dev/zero | gzip -1 > \"$0\"", file});
  EXPECT_EQ(made.exit_code, 0) << made.standard_error;
  return ReadFile(file);
}

// The most memory the process ever held, from /proc.
std::int64_t PeakRssKib(pid_t pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const auto at = status.find("VmHWM:");
  return at == std::string::npos ? -1 : std::stoll(status.substr(at + 6));
}

// What the API says of a target that behaves so.
Matcher<std::string> ErrorOf(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kFine:
      return "";
    case Behaviour::kHang:
      return AllOf(HasSubstr("timed out"), HasSubstr("waiting for the answer"));
    case Behaviour::kTrickle:
      return AllOf(HasSubstr("timed out"), HasSubstr("reading the answer's body"));
    case Behaviour::kReset:
      return HasSubstr("reset the connection without an answer");
    case Behaviour::kLie:
      return AllOf(HasSubstr("closed in mid-answer"), HasSubstr("of 3000000 bytes had come"));
    case Behaviour::kEndless:
      return AllOf(HasSubstr("the body is over the limit"), HasSubstr("body_size_limit"));
    case Behaviour::kBomb:
      return HasSubstr("inflate");
    case Behaviour::kRedirect:
      return HasSubstr("redirected more than 10 times");
    case Behaviour::kChange:
      return HasSubstr("HTML");
  }
  return "";
}

class Storm : public ::testing::Test {
 protected:
  void Serve() {
    std::string addresses;
    for (std::size_t i = 0; i < kTargets; ++i) {
      addresses += (i == 0 ? "" : ", ") + ('"' + targets_.address(i) + '"');
      index_.emplace(targets_.address(i), i);
    }
    const std::string config = directory_.Write(
        "heapwatch.yml",
        "global: {scrape_interval: 4s, scrape_timeout: 2s, scrape_budget: {serving_share: 0.25}}\n"
        "scrape_configs: [{job_name: storm, body_size_limit: 4MB, static_configs: [{targets: [" +
            addresses + "]}]}]\n");
    service_ = std::make_unique<Subprocess>(std::vector<std::string>{
        InBuild("heapwatch").string(), "serve", "--config.file", config, "--storage.path",
        directory_.Path("data"), "--storage.memory-limit", "64MB", "--web.listen-address",
        "127.0.0.1:" + std::to_string(port_)});
    ASSERT_TRUE(service_->WaitForText("reached as", kPatience)) << service_->all_output();
  }
  json::array Targets() const {
    const json::value answer = GetJson(url() + "/api/v1/targets");
    return answer.is_object() ? answer.at("data").at("active").as_array() : json::array();
  }
  std::size_t IndexOf(const json::value& target) const {
    return index_.at(std::string(target.at("labels").at("instance").as_string()));
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  TemporaryDirectory directory_;
  StormTargets targets_{kTargets, Bomb(directory_)};
  std::map<std::string, std::size_t> index_;
  const std::uint16_t port_ = FreePort();
  std::unique_ptr<Subprocess> service_;
};

TEST_F(Storm, LeavesTheOthersOnTimeAndTellsWhoMisbehavesAndHow) {
  Serve();
  json::array seen;
  // Those that change have had the time to.
  const auto have_had_their_rounds = [&] {
    seen = Targets();
    for (const json::value& target : seen) {
      const bool is_fine = StormTargets::BehaviourOf(IndexOf(target)) == Behaviour::kFine;
      if (target.at("scrapes").to_number<std::uint64_t>() < (is_fine ? kRounds : 2)) return false;
    }
    return seen.size() == kTargets;
  };
  ASSERT_TRUE(WaitUntil(have_had_their_rounds, 2 * kPatience)) << service_->standard_error();

  std::uint64_t fewest = kRounds * 1000;
  std::uint64_t most = 0;
  std::size_t misbehaving = 0;
  for (const json::value& target : seen) {
    SCOPED_TRACE(json::serialize(target));
    const Behaviour behaviour = StormTargets::BehaviourOf(IndexOf(target));
    const auto scrapes = target.at("scrapes").to_number<std::uint64_t>();
    EXPECT_THAT(std::string(target.at("last_error").as_string()), ErrorOf(behaviour));
    if (behaviour == Behaviour::kFine) {
      EXPECT_EQ(target.at("failures").to_number<int>(), 0);
      EXPECT_EQ(target.at("health").as_string(), "up");
      EXPECT_FALSE(target.as_object().contains("stretched"));
      fewest = std::min(fewest, scrapes);
      most = std::max(most, scrapes);
    } else {
      ++misbehaving;
      EXPECT_EQ(target.at("health").as_string(), "down");
      // Half of its time waited for is more than its share: it is asked less often.
      if (behaviour == Behaviour::kHang || behaviour == Behaviour::kTrickle) {
        EXPECT_TRUE(target.as_object().contains("stretched"));
      }
    }
  }
  EXPECT_EQ(misbehaving, (kTargets + 2) / 3);
  // Nobody who behaves is crowded out. The last moment may be due to some only, and a machine under
  // load may cost one a moment or two.
  EXPECT_LE(most, fewest + std::max<std::uint64_t>(2, most / 5));
  EXPECT_TRUE(service_->Running());
  const std::int64_t peak = PeakRssKib(service_->pid());
  EXPECT_GT(peak, 0);
  EXPECT_LT(peak, kMostRssKib);
  RecordProperty("peak_rss_kib", std::to_string(peak));
}

}  // namespace
}  // namespace heapwatch
