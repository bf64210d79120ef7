#include "watcher/scrape/scraper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/subprocess.h"
#include "tests/support/test_profile.h"
#include "tests/watcher/scrape/fake_fetcher.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Then = RawServer::Then;

constexpr Duration kInterval(20);
constexpr seconds kPatience(60);

Target MakeTestTarget(const std::string& instance) {
  Target target;
  target.labels = {{"instance", instance}, {"job", "test"}};
  target.url = "http://" + instance + "/debug/pprof/heap";
  target.interval = kInterval;
  target.timeout = kInterval;
  target.body_size_limit_bytes = 1U << 20;
  return target;
}

class ScraperTest : public ::testing::Test {
 protected:
  void Start(Fetcher& fetcher, std::size_t max_concurrent = 200) {
    ScraperParts parts{
        .io = context_.get_executor(),
        .cpu = cpu_.get_executor(),
        .clock = clock_,
        .fetcher = fetcher,
        .sink = [this](const Target& target, Time time,
                       const HeapProfile& profile) { return Keep(target, time, profile); },
        .observe = [this](const ScrapeOutcome& outcome) { Observe(outcome); },
        .stop_of = [this](const Labels& target) { return StopOf(target); },
        .on_failure = [this](std::string_view, std::string_view) { ++broken_; },
        .max_concurrent = max_concurrent};
    scraper_ = std::make_unique<Scraper>(std::move(parts));
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    EXPECT_TRUE(scraper_->Stop(kPatience));
    work_.reset();
    thread_.join();
    cpu_.join();
  }

  Result<void> Keep(const Target&, Time time, const HeapProfile& profile) {
    if (sink_lacks_memory_) throw std::bad_alloc();
    if (sink_fails_) return Fail(ErrorCode::kLimit, "the disk is full");
    {
      const std::scoped_lock lock(mutex_);
      times_.push_back(time);
    }
    kept_bytes_ = profile.total(Quantity::kInuseSpace).value_or(0);
    ++kept_;
    return {};
  }
  void Observe(const ScrapeOutcome& outcome) {
    if (loop_breaks_) throw std::runtime_error("nobody can look");
    const std::scoped_lock lock(mutex_);
    reasons_.emplace_back(outcome.failure);
  }
  std::optional<ScrapeStop> StopOf(const Labels& target) {
    const std::scoped_lock lock(mutex_);
    return stop_ && HasAll(target, stop_->of) ? stop_ : std::nullopt;
  }
  void SetStop(std::optional<ScrapeStop> stop) {
    const std::scoped_lock lock(mutex_);
    stop_ = std::move(stop);
  }
  std::vector<Time> Times() {
    const std::scoped_lock lock(mutex_);
    return times_;
  }
  std::string LastReason() {
    const std::scoped_lock lock(mutex_);
    return reasons_.empty() ? "" : reasons_.back();
  }
  bool WaitForScrapes(std::uint64_t count) {
    return WaitUntil(
        [&] {
          const auto statuses = scraper_->Statuses();
          return std::all_of(statuses.begin(), statuses.end(),
                             [&](const TargetStatus& status) { return status.scrapes >= count; });
        },
        kPatience);
  }
  TargetStatus Status() { return scraper_->Statuses().at(0); }

  // What a target that serves `answer` is told to be, after two scrapes by way of real HTTP.
  TargetStatus StatusOf(const std::string& answer, Then then = Then::kClose) {
    const RawServer server(answer, then);
    Start(http_);
    Target target = MakeTestTarget(server.address());
    target.timeout = Duration(200);
    scraper_->Apply({target});
    EXPECT_TRUE(WaitForScrapes(2));
    TargetStatus status = Status();
    scraper_->Stop(kPatience);
    return status;
  }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  asio::thread_pool cpu_{2};
  SystemClock clock_;
  // Here, because scrapes go on until TearDown has stopped them.
  FakeFetcher fake_;
  HttpFetcher http_;
  std::atomic<bool> sink_fails_ = false;
  std::atomic<bool> sink_lacks_memory_ = false;
  std::atomic<bool> loop_breaks_ = false;
  std::atomic<int> kept_ = 0;
  std::atomic<std::int64_t> kept_bytes_ = 0;
  std::atomic<int> broken_ = 0;
  std::mutex mutex_;
  std::vector<Time> times_;  // of the profiles kept; guarded by mutex_
  std::vector<std::string> reasons_;
  std::optional<ScrapeStop> stop_;
  std::unique_ptr<Scraper> scraper_;
  std::thread thread_;
};

TEST_F(ScraperTest, DoesNotScrapeWhatTheConfigurationStopsAndSaysSince) {
  Start(fake_);
  Target stopped = MakeTestTarget("a");
  stopped.stop_reason = "INC-7";
  const Target other = MakeTestTarget("b");
  scraper_->Apply({stopped, other});
  const auto scrapes = [&](std::size_t i) { return scraper_->Statuses().at(i).scrapes; };
  ASSERT_TRUE(WaitUntil([&] { return scrapes(1) >= 4; }, kPatience));
  EXPECT_EQ(scrapes(0), 0U);
  const auto stop = Status().stopped;
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->by, "the configuration");
  EXPECT_EQ(stop->reason, "INC-7");
  scraper_->SetBudget({.serving_share = 1});  // which begins all others anew
  stopped.timeout += Duration(1);
  scraper_->Apply({stopped, other});  // still stopped
  EXPECT_EQ(Status().stopped, stop);
  const std::uint64_t before = scrapes(1);
  ASSERT_TRUE(WaitUntil([&] { return scrapes(1) >= before + 4; }, kPatience));
  EXPECT_EQ(scrapes(0), 0U);

  stopped.stop_reason.clear();
  scraper_->Apply({stopped, other});
  EXPECT_TRUE(WaitUntil([&] { return scrapes(0) >= 2; }, kPatience));
  EXPECT_EQ(Status().stopped, std::nullopt);
}

TEST_F(ScraperTest, BacksOffFromATargetThatFailsUntilItDoesNot) {
  Start(fake_);
  scraper_->SetBudget({.serving_share = 1});
  fake_.fails = true;
  scraper_->Apply({MakeTestTarget("a")});
  EXPECT_TRUE(WaitUntil(
      [&] {
        return Status().pace == Pace{8 * kInterval, StretchReason::kFailing};
      },
      kPatience));
  fake_.fails = false;
  EXPECT_TRUE(WaitUntil(
      [&] {
        return Status().pace == Pace{kInterval, StretchReason::kNone};
      },
      kPatience));
}

TEST_F(ScraperTest, LeavesPlacesToTheOthersWhileTargetsFail) {
  Start(fake_, 8);
  scraper_->SetBudget({.serving_share = 1});
  fake_.fails = true;
  fake_.delay = 5 * kInterval;  // long beside the interval: they meet
  std::vector<Target> targets;
  for (int i = 0; i < 20; ++i) targets.push_back(MakeTestTarget("t" + std::to_string(i)));
  scraper_->Apply(targets);
  ASSERT_TRUE(WaitForScrapes(1));
  ASSERT_TRUE(WaitUntil([&] { return fake_.under_way <= 2; }, kPatience));
  fake_.most_at_once = 0;
  ASSERT_TRUE(WaitForScrapes(5));
  EXPECT_LE(fake_.most_at_once, 2);
}

TEST_F(ScraperTest, LetsATargetThatIsSlowToServeRestForItsShare) {
  Start(fake_);
  scraper_->SetBudget({.serving_share = 0.1});
  fake_.delay = Duration(11);  // in 20: more than half of the time
  scraper_->Apply({MakeTestTarget("a")});
  ASSERT_TRUE(WaitForScrapes(5));
  EXPECT_EQ(Status().pace.reason, StretchReason::kServing);
  EXPECT_GE(Status().pace.interval, Duration(120));
  const std::vector<Time> times = Times();
  // The first rest is not known to be needed yet.
  for (std::size_t i = 2; i < times.size(); ++i)
    EXPECT_GE(times[i] - times[i - 1], Duration(110)) << i;

  scraper_->SetBudget({.serving_share = 1});
  EXPECT_TRUE(WaitUntil(
      [&] {
        return Status().pace == Pace{kInterval, StretchReason::kNone};
      },
      kPatience));
}

TEST_F(ScraperTest, ScrapesAgainAndAgainAndKeepsWhatItGets) {
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1")});
  ASSERT_TRUE(WaitForScrapes(3));
  const TargetStatus status = Status();
  EXPECT_TRUE(status.up && status.last_scrape && status.failures == 0);
  EXPECT_EQ(status.last_error, "");
  EXPECT_GE(kept_, 3);
  EXPECT_EQ(kept_bytes_, 1 << 20);
  EXPECT_EQ(LastReason(), "");
  fake_.fails = true;
  ASSERT_TRUE(WaitUntil([&] { return !Status().up; }, kPatience));
  EXPECT_GT(Status().last_body_bytes, 50U);  // of the last that came
}

TEST_F(ScraperTest, AFailureIsToldAndKeepsNothingAndTheNextSuccessClearsIt) {
  fake_.fails = true;
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1")});
  ASSERT_TRUE(WaitForScrapes(2));
  EXPECT_FALSE(Status().up);
  EXPECT_GE(Status().failures, 2U);
  EXPECT_THAT(Status().last_error, HasSubstr("timed out: http://a:1"));
  EXPECT_EQ(LastReason(), "timeout");
  EXPECT_EQ(kept_, 0);
  fake_.fails = false;
  EXPECT_TRUE(WaitUntil([&] { return Status().up; }, kPatience));
  EXPECT_EQ(Status().last_error, "");
}

TEST_F(ScraperTest, LeavesAStoppedTargetAloneUntilItIsResumedWhileOthersGoOn) {
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1"), MakeTestTarget("b:1")});
  ASSERT_TRUE(WaitForScrapes(1));
  const ScrapeStop stop{
      .of = {{"instance", "a:1"}}, .by = "ann", .reason = "INC-7", .since = Time{}};
  SetStop(stop);
  // One that was under way may still end.
  ASSERT_TRUE(WaitUntil([&] { return fake_.under_way == 0; }, kPatience));
  const auto scrapes = [&](std::size_t i) { return scraper_->Statuses().at(i).scrapes; };
  const auto others_before = scrapes(1);
  ASSERT_TRUE(WaitUntil([&] { return scrapes(1) > others_before; }, kPatience));
  const auto before = scrapes(0);
  const auto others = scrapes(1);
  ASSERT_TRUE(WaitUntil([&] { return scrapes(1) >= others + 5; }, kPatience));
  EXPECT_EQ(scrapes(0), before);
  EXPECT_EQ(scraper_->Statuses().at(0).stopped, stop);
  EXPECT_EQ(scraper_->Statuses().at(1).stopped, std::nullopt);
  SetStop(std::nullopt);
  EXPECT_TRUE(WaitUntil([&] { return scrapes(0) > before; }, kPatience));
  EXPECT_EQ(scraper_->Statuses().at(0).stopped, std::nullopt);
}

TEST_F(ScraperTest, TellsWhenASnapshotCannotBeStored) {
  sink_fails_ = true;
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1")});
  ASSERT_TRUE(WaitForScrapes(1));
  EXPECT_THAT(Status().last_error,
              AllOf(HasSubstr("could not be stored"), HasSubstr("disk is full")));
  EXPECT_EQ(LastReason(), "store");
}

TEST_F(ScraperTest, NeverScrapesOneTargetTwiceAtATime) {
  fake_.delay = 3 * kInterval;
  Start(fake_);
  Target target = MakeTestTarget("a:1");
  scraper_->Apply({target});
  // Nor while its settings change in mid-scrape.
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(WaitUntil([&] { return fake_.under_way == 1; }, kPatience));
    target.url += 'x';
    scraper_->Apply({target});
  }
  ASSERT_TRUE(WaitForScrapes(2));
  EXPECT_EQ(fake_.most_at_once, 1);
}

TEST_F(ScraperTest, HoldsToTheBoundOverAll) {
  fake_.delay = kInterval;
  Start(fake_, 3);
  std::vector<Target> targets;
  for (int i = 0; i < 30; ++i) targets.push_back(MakeTestTarget("a:" + std::to_string(i)));
  scraper_->Apply(targets);
  ASSERT_TRUE(WaitForScrapes(2));
  EXPECT_EQ(fake_.most_at_once, 3);
}

TEST_F(ScraperTest, WaitsForItsPartOfTheMemoryInsteadOfFailing) {
  fake_.body_bytes = 30U << 20;
  fake_.delay = 5 * kInterval;  // long beside the interval: they meet
  Start(fake_);
  scraper_->SetBudget({.serving_share = 1, .bytes_in_flight = 40U << 20});
  scraper_->Apply({MakeTestTarget("a"), MakeTestTarget("b"), MakeTestTarget("c")});
  EXPECT_TRUE(WaitUntil([&] { return scraper_->memory().waiting > 0; }, kPatience));
  EXPECT_TRUE(WaitForScrapes(3));
  for (const TargetStatus& status : scraper_->Statuses()) EXPECT_EQ(status.failures, 0U);
}

TEST_F(ScraperTest, GoesOnWhereATargetKnownToBeLargeMeetsOneThatTurnsOutToBe) {
  fake_.late_bytes = 4U << 20;
  fake_.delay = 7 * kInterval;
  Start(fake_, 1);
  scraper_->SetBudget({.serving_share = 1, .bytes_in_flight = 1U << 20});
  Target known = MakeTestTarget("a");
  known.interval = 10 * kInterval;  // the other's first scrape begins in the rest of it: they meet
  scraper_->Apply({known});
  ASSERT_TRUE(WaitForScrapes(1));
  scraper_->Apply({known, MakeTestTarget("b")});
  EXPECT_TRUE(WaitForScrapes(3));
}

TEST_F(ScraperTest, AHangingTargetDoesNotDelayTheOthers) {
  const RawServer silent("", Then::kHold);
  const RawServer fine(HttpAnswer(200, "application/octet-stream", TestProfileBytes(4096)));
  Start(http_);
  Target hanging = MakeTestTarget(silent.address());
  hanging.timeout = kPatience;
  scraper_->Apply({hanging, MakeTestTarget(fine.address())});
  EXPECT_TRUE(WaitUntil(
      [&] {
        const auto statuses = scraper_->Statuses();
        return statuses[0].scrapes + statuses[1].scrapes >= 5;
      },
      kPatience));
}

TEST_F(ScraperTest, ApplyForgetsTargetsThatLeftAndKeepsTheStatusOfThoseThatStay) {
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1"), MakeTestTarget("b:1")});
  ASSERT_TRUE(WaitForScrapes(2));
  Target changed = MakeTestTarget("b:1");
  changed.url += "?gc=1";
  scraper_->Apply({changed});
  ASSERT_EQ(scraper_->Statuses().size(), 1U);
  EXPECT_EQ(Status().url, "http://b:1/debug/pprof/heap?gc=1");
  EXPECT_GE(Status().scrapes, 2U);
  const auto scrapes = Status().scrapes;
  EXPECT_TRUE(WaitForScrapes(scrapes + 2));
}

TEST_F(ScraperTest, ABrokenLoopIsHeardOf) {
  loop_breaks_ = true;
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1")});
  EXPECT_TRUE(WaitUntil([&] { return broken_ == 1; }, kPatience));
}

TEST_F(ScraperTest, WantOfMemoryCostsATargetThatScrapeAlone) {
  Start(fake_);
  for (std::atomic<bool>* const wanting : {&fake_.lacks_memory, &sink_lacks_memory_}) {
    *wanting = true;
    scraper_->Apply({MakeTestTarget("a:1")});
    const auto is_told = [&] { return Status().last_error.ends_with("out of memory"); };
    EXPECT_TRUE(WaitUntil(is_told, kPatience));
    *wanting = false;
    EXPECT_TRUE(WaitUntil([&] { return Status().up; }, kPatience));
  }
  EXPECT_EQ(broken_, 0);
}

TEST_F(ScraperTest, StopsInMidFetchWithoutBlamingTheTarget) {
  fake_.delay = std::chrono::hours(1);
  Start(fake_);
  scraper_->Apply({MakeTestTarget("a:1")});
  ASSERT_TRUE(WaitUntil([&] { return fake_.under_way == 1; }, kPatience));
  EXPECT_TRUE(scraper_->Stop(kPatience));
  EXPECT_EQ(Status().failures, 0U);
  EXPECT_EQ(broken_, 0);
}

// --- what targets do in the wild: each is told with its reason, and nothing is kept
// ----------------

TEST_F(ScraperTest, TellsAnUnreachableTarget) {
  Start(http_);
  scraper_->Apply({MakeTestTarget("127.0.0.1:" + std::to_string(FreePort()))});
  ASSERT_TRUE(WaitForScrapes(2));
  EXPECT_THAT(Status().last_error, HasSubstr("connection refused"));
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsA404) {
  const auto status = StatusOf(HttpAnswer(404, "text/plain", "404 page not found\n"));
  EXPECT_THAT(status.last_error, AllOf(HasSubstr("404"), HasSubstr("page not found")));
  EXPECT_EQ(LastReason(), "not found");
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, KeepsTheStatusOfALostTargetAndScrapesItNoMore) {
  Start(fake_);
  const Target target = MakeTestTarget("a:1");
  const Target other = MakeTestTarget("b:1");
  scraper_->Apply({target, other});
  ASSERT_TRUE(WaitForScrapes(2));
  Target lost = target;
  lost.lost = clock_.Now();
  scraper_->Apply({lost, other});
  const auto scrapes = [&](std::size_t i) { return scraper_->Statuses().at(i).scrapes; };
  const auto see_others_scraped = [&] {
    const std::uint64_t others = scrapes(1);
    return WaitUntil([&] { return scrapes(1) > others + 3; }, kPatience);
  };
  ASSERT_TRUE(see_others_scraped());  // one that was at its end may still have ended
  const TargetStatus before = Status();
  EXPECT_EQ(before.lost, lost.lost);
  EXPECT_TRUE(before.up);
  ASSERT_TRUE(see_others_scraped());
  EXPECT_EQ(Status().scrapes, before.scrapes);
  scraper_->Apply({target, other});
  EXPECT_TRUE(WaitUntil([&] { return scrapes(0) > before.scrapes; }, kPatience));
  EXPECT_EQ(Status().lost, std::nullopt);
}

TEST_F(ScraperTest, TellsWhyATargetIsRefusedAndDoesNotCallIt) {
  const RawServer server(HttpAnswer(200, "application/octet-stream", TestProfileBytes(4096)));
  Start(http_);
  Target target = MakeTestTarget(server.address());
  target.refusal = "not scraped: too many";
  scraper_->Apply({target});
  ASSERT_TRUE(WaitForScrapes(2));
  EXPECT_FALSE(Status().up);
  EXPECT_EQ(Status().last_error, "not scraped: too many");
  EXPECT_EQ(LastReason(), "limit");
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(ScraperTest, TellsALoginPageServedAsSuccess) {
  const auto status =
      StatusOf(HttpAnswer(200, "text/html", "<!DOCTYPE html><html><title>Log in</title></html>"));
  EXPECT_FALSE(status.up);
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsATruncatedProfile) {
  std::string bytes = TestProfileBytes(4096);
  bytes.resize(bytes.size() / 2);
  const auto status = StatusOf(HttpAnswer(200, "application/octet-stream", bytes));
  EXPECT_FALSE(status.up);
  EXPECT_EQ(LastReason(), "corrupt");
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsABodyOverTheLimit) {
  const auto status = StatusOf(HttpAnswer(200, "text/plain", std::string(2U << 20, 'x')));
  EXPECT_THAT(status.last_error, AllOf(HasSubstr("1.0 MiB"), HasSubstr("body_size_limit")));
  EXPECT_EQ(LastReason(), "limit");
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsGarbage) {
  const auto status = StatusOf(HttpAnswer(200, "application/octet-stream", "\x01\x02\xff garbage"));
  EXPECT_FALSE(status.up);
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsAnEmptyBody) {
  const auto status = StatusOf(HttpAnswer(200, "application/octet-stream", ""));
  EXPECT_FALSE(status.up);
  EXPECT_EQ(kept_, 0);
}

TEST_F(ScraperTest, TellsAnAnswerThatTrickles) {
  const auto status = StatusOf("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nx", Then::kHold);
  EXPECT_EQ(LastReason(), "timeout");
  EXPECT_EQ(kept_, 0);
}

}  // namespace
}  // namespace heapwatch
