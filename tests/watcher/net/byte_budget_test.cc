#include "watcher/net/byte_budget.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <future>
#include <memory>
#include <vector>

#include "watcher/net/task_group.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMib = 1U << 20;

class ByteBudgetTest : public ::testing::Test {
 protected:
  // Whether it has grown by now.
  bool Grow(ByteShare& share, std::size_t mib) {
    auto grown = boost::asio::co_spawn(context_, share.GrowTo(mib * kMib), boost::asio::use_future);
    RunWhatCan();
    return grown.wait_for(Duration(0)) == std::future_status::ready;
  }
  void RunWhatCan() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_;
  ByteBudget budget_{10 * kMib};
};

TEST_F(ByteBudgetTest, HasAMibForEverybodyAndCountsWhatIsBeyond) {
  ByteShare a(budget_);
  ByteShare b(budget_);
  EXPECT_TRUE(Grow(a, 11));
  EXPECT_EQ(budget_.usage().bytes, 11 * kMib);
  EXPECT_TRUE(Grow(b, 1));
  EXPECT_TRUE(Grow(b, 1));
  EXPECT_EQ(budget_.usage().bytes, 12 * kMib);
  EXPECT_EQ(b.waited(), Duration(0));
}

TEST_F(ByteBudgetTest, LetsOneAtATimeTakeMoreThanThereIsTheOthersWait) {
  auto a = std::make_unique<ByteShare>(budget_);
  auto b = std::make_unique<ByteShare>(budget_);
  ByteShare c(budget_);
  ByteShare d(budget_);
  EXPECT_TRUE(Grow(*a, 20));
  EXPECT_FALSE(Grow(*b, 15));
  EXPECT_FALSE(Grow(c, 12));
  EXPECT_TRUE(Grow(*a, 30));  // or nothing would go on
  EXPECT_EQ(budget_.usage().waiting, 2U);
  a.reset();
  RunWhatCan();
  EXPECT_EQ(budget_.usage().bytes, 15 * kMib);
  EXPECT_EQ(budget_.usage().waiting, 1U);
  EXPECT_TRUE(Grow(d, 1));
  b.reset();
  RunWhatCan();
  EXPECT_EQ(budget_.usage().bytes, 13 * kMib);
  EXPECT_EQ(budget_.usage().waiting, 0U);
}

TEST_F(ByteBudgetTest, GivesAtOnceWhatFitsWhoeverWaitsForMore) {
  ByteShare over(budget_);
  auto small = std::make_unique<ByteShare>(budget_);
  ByteShare giant(budget_);
  ByteShare other(budget_);
  EXPECT_TRUE(Grow(*small, 5));
  EXPECT_TRUE(Grow(over, 8));
  budget_.SetTotal(20 * kMib);
  EXPECT_FALSE(Grow(giant, 30));
  EXPECT_TRUE(Grow(other, 8));
}

TEST_F(ByteBudgetTest, LetsFewGrowFarRatherThanManyALittle) {
  budget_.SetTotal(16 * kMib - 8);
  std::vector<std::unique_ptr<ByteShare>> shares;
  std::size_t grown = 0;
  for (int i = 0; i < 20; ++i) {
    ByteShare& share = *shares.emplace_back(std::make_unique<ByteShare>(budget_));
    EXPECT_TRUE(Grow(share, 1));
    if (Grow(share, 2)) ++grown;
  }
  EXPECT_EQ(grown, 8U);  // the last of them over the total
  EXPECT_TRUE(Grow(*shares[0], 3));
  EXPECT_EQ(budget_.usage().bytes, (20 + 8 * 2) * kMib);
}

TEST_F(ByteBudgetTest, LetsWhoHoldsMostComeToItsEndFirst) {
  auto over = std::make_unique<ByteShare>(budget_);
  ByteShare first(budget_);
  ByteShare fullest(budget_);
  EXPECT_TRUE(Grow(fullest, 5));
  EXPECT_TRUE(Grow(*over, 20));
  EXPECT_FALSE(Grow(first, 30));
  EXPECT_FALSE(Grow(fullest, 15));
  over.reset();
  RunWhatCan();
  EXPECT_EQ(budget_.usage().waiting, 1U);
  EXPECT_LT(budget_.usage().bytes, 20 * kMib);
}

TEST_F(ByteBudgetTest, ServesWhoWaitsOnceThereIsMore) {
  ByteShare a(budget_);
  ByteShare b(budget_);
  EXPECT_TRUE(Grow(a, 20));
  EXPECT_FALSE(Grow(b, 5));
  budget_.SetTotal(40 * kMib);
  RunWhatCan();
  EXPECT_EQ(budget_.usage().bytes, 25 * kMib);
  EXPECT_EQ(budget_.usage().waiting, 0U);
}

TEST_F(ByteBudgetTest, ForgetsWhoWaitsNoMore) {
  auto a = std::make_unique<ByteShare>(budget_);
  EXPECT_TRUE(Grow(*a, 20));
  TaskGroup tasks(context_.get_executor(), [](std::string_view, std::string_view) {});
  const auto wait = [](ByteBudget& budget) -> boost::asio::awaitable<void> {
    ByteShare share(budget);
    co_await share.GrowTo(20 * kMib);
  };
  tasks.Spawn("waits", wait(budget_));
  RunWhatCan();
  EXPECT_EQ(budget_.usage().waiting, 1U);
  tasks.Cancel();
  RunWhatCan();
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(tasks.failures(), 0U);
  EXPECT_EQ(budget_.usage().waiting, 0U);
  a.reset();
  EXPECT_EQ(budget_.usage().bytes, 0U);
}

// As where a service is torn down while one still waits.
TEST_F(ByteBudgetTest, IsOutlivedByItsShares) {
  auto budget = std::make_unique<ByteBudget>(10 * kMib);
  auto a = std::make_unique<ByteShare>(*budget);
  ByteShare b(*budget);
  EXPECT_TRUE(Grow(*a, 20));
  const auto grown = boost::asio::co_spawn(context_, b.GrowTo(15 * kMib), boost::asio::use_future);
  RunWhatCan();
  budget.reset();
  a.reset();
  RunWhatCan();
  EXPECT_EQ(grown.wait_for(Duration(0)), std::future_status::ready);
}

}  // namespace
}  // namespace heapwatch
