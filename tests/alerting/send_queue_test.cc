#include "alerting/send_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

Alert Named(const std::string& name, int minute = 0) {
  return {.labels = {{"alertname", name}},
          .annotations = {},
          .starts_at = FromUnixMillis(0),
          .ends_at = FromUnixMillis(60'000LL * minute),
          .generator_url = "",
          .evidence = {},
          .finding_json = {}};
}

std::string Names(const std::vector<Alert>& alerts) {
  std::string names;
  for (const Alert& alert : alerts) names += Get(alert.labels, "alertname");
  return names;
}

TEST(SendQueue, GivesAlertsInTheOrderTheyCame) {
  SendQueue queue(10);
  queue.Push({Named("a"), Named("b")});
  queue.Push({Named("c")});
  EXPECT_EQ(Names(queue.Take(2)), "ab");
  EXPECT_EQ(Names(queue.Take(2)), "c");
  EXPECT_TRUE(queue.Take(2).empty());
}

TEST(SendQueue, DropsOldestWhenFull) {
  SendQueue queue(2);
  queue.Push({Named("a"), Named("b"), Named("c")});
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.dropped_count(), 1U);
  EXPECT_EQ(Names(queue.Take(10)), "bc");
}

TEST(SendQueue, ReplacesAnAlertThatWaitsByItsNewerState) {
  SendQueue queue(2);
  queue.Push({Named("a", 1), Named("b", 1)});
  for (int i = 2; i < 100; ++i) queue.Push({Named("a", i), Named("b", i)});
  EXPECT_EQ(queue.dropped_count(), 0U);
  const auto batch = queue.Take(10);
  ASSERT_EQ(Names(batch), "ab");
  EXPECT_EQ(batch[0].ends_at, FromUnixMillis(60'000LL * 99));
}

TEST(SendQueue, PutsAFailedBatchBackInFrontUnlessThereIsNewer) {
  SendQueue queue(3);
  queue.Push({Named("a", 1), Named("b", 1)});
  auto failed = queue.Take(10);
  queue.Push({Named("c", 2), Named("a", 2)});
  queue.PutBack(std::move(failed));
  const auto batch = queue.Take(10);
  EXPECT_EQ(Names(batch), "bca");
  EXPECT_EQ(batch[2].ends_at, FromUnixMillis(120'000));
}

TEST(SendQueue, DropsTheOldestOfAFailedBatchWhenFull) {
  SendQueue queue(2);
  queue.Push({Named("a"), Named("b")});
  auto failed = queue.Take(10);
  queue.Push({Named("c")});
  queue.PutBack(std::move(failed));
  EXPECT_EQ(Names(queue.Take(10)), "bc");
  EXPECT_EQ(queue.dropped_count(), 1U);
}

}  // namespace
}  // namespace heapwatch
