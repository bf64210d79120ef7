#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watcher/app/stored_scrape_stops.h"
#include "watcher/store/memory_store.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Labels kTarget = {{"instance", "a:1"}, {"job", "api"}};

ScrapeStop StopOf(Labels of) {
  return {.of = std::move(of), .by = "ann", .reason = "INC-7", .since = FromUnixMillis(1'000)};
}

TEST(StoredScrapeStops, ComeBackAsTheyWere) {
  MemoryStore store;
  const ScrapeStop job = StopOf({{"job", "web"}});
  const ScrapeStop target = StopOf(kTarget);
  {
    StoredScrapeStops stops(store);
    ASSERT_TRUE(stops.Restore(Time{}));
    EXPECT_EQ(stops.Of(kTarget), std::nullopt);
    ASSERT_TRUE(stops.Stop(StopOf({{"job", "web"}, {"instance", "b:1"}})));
    ASSERT_TRUE(stops.Resume({{"instance", "b:1"}}, "bob", "over"));
    ASSERT_TRUE(stops.Stop(job));
    ASSERT_TRUE(stops.Stop(job));
    ASSERT_TRUE(stops.Stop(target));
  }
  StoredScrapeStops stops(store);
  ASSERT_TRUE(stops.Restore(Time{}));
  EXPECT_THAT(stops.All(), ElementsAre(job, target));
  EXPECT_EQ(stops.Of(kTarget), target);
  EXPECT_EQ(stops.Of({{"instance", "a:1"}, {"job", "other"}}), std::nullopt);
}

TEST(StoredScrapeStops, ResumingLiftsWhatLiesWithinAndNothingElse) {
  MemoryStore store;
  StoredScrapeStops stops(store);
  ASSERT_TRUE(stops.Stop(StopOf({{"job", "api"}})));
  const auto narrower = stops.Resume(kTarget, "bob", "over");
  ASSERT_FALSE(narrower);
  EXPECT_EQ(narrower.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(stops.Of(kTarget));
  ASSERT_TRUE(stops.Stop(StopOf(kTarget)));
  ASSERT_TRUE(stops.Stop(StopOf({{"job", "web"}})));
  ASSERT_TRUE(stops.Resume({{"job", "api"}}, "bob", "over"));
  EXPECT_THAT(stops.All(), ElementsAre(StopOf({{"job", "web"}})));
  ASSERT_TRUE(stops.Resume({}, "bob", "over"));
  EXPECT_THAT(stops.All(), IsEmpty());
}

TEST(StoredScrapeStops, StopEverythingWhereNobodyKnowsWhatWasStopped) {
  MemoryStore store;
  ASSERT_TRUE(store.PutState("scrape_stops", "garbage"));
  StoredScrapeStops stops(store);
  EXPECT_FALSE(stops.Restore(Time{}));
  EXPECT_TRUE(stops.Of(kTarget));
  ASSERT_TRUE(stops.Resume({}, "bob", "looked at"));
  EXPECT_EQ(stops.Of(kTarget), std::nullopt);
}

}  // namespace
}  // namespace heapwatch
