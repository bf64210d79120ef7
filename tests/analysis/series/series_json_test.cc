#include "analysis/series/series_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSmall =
    R"({"run": "r", "group": "g", "target": {"job": "api"}, "runtime": "go",
  "interval_s": 60, "limit_bytes": 1000, "versions": [[100, "1"], [220, "2"]],
  "sites": [{"function": "main.f", "file": "f.go", "line": 7}, {"function": "main.g", "file": "g.go", "line": 8}],
  "snapshots": [{"t": 100.5, "v": [[10, 1, 100, 10], [0, 0, 5, 1]]},
                {"t": 160, "v": null},
                {"t": 161, "v": [[20, 2, 110, 11], [0, 0, 5, 1]]},
                {"t": 170, "v": [[20, 2, 110, 11], [0, 0, 5, 1]]},
                {"t": 230, "v": [[1, 1, 2, 2], [0, 0, 5, 1]]}]})";

TEST(SeriesJson, ReadsASeriesAndMarksItsObservations) {
  const auto document = ReadSeriesJson(kSmall);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->run, "r");
  EXPECT_EQ(Get(document->target, "job"), "api");
  const SiteWindow& window = document->window;
  ASSERT_EQ(window.observations.size(), 4U);  // the failed scrape has no column
  EXPECT_EQ(ToUnixMillis(window.observations[0].time), 100500);
  EXPECT_EQ(window.series(Quantity::kInuseSpace, 0)[1], 20);
  EXPECT_EQ(window.series(Quantity::kAllocObjects, 0)[3], 2);
  EXPECT_FALSE(window.observations[2].is_new);  // repeats the one before
  EXPECT_EQ(window.observations[2].lifetime, 0U);
  EXPECT_EQ(window.observations[3].lifetime, 1U);  // alloc fell
  EXPECT_EQ(window.observations[3].build, 1U);     // and a new version came
  EXPECT_EQ(window.limit_bytes, 1000);
}

// As every window does: the sanitizers tell where it does not.
TEST(SeriesJson, LetsSumsOfExtremesWrapAround) {
  const auto document = ReadSeriesJson(R"({"sites": [{}, {}], "snapshots": [
      {"t": 1, "v": [[9223372036854775807, 1, 1, 1], [9223372036854775807, 1, 1, 1]]},
      {"t": 2, "v": [[-9223372036854775807, 1, 1, 1], [-9223372036854775807, 1, 1, 1]]}]})");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->window.series(Quantity::kInuseSpace, 1)[1], -9223372036854775807);
}

TEST(SeriesJson, WritesSumsOfExtremesThatWrapAround) {
  auto document = ReadSeriesJson(R"({"sites": [{}, {}], "snapshots": [
      {"t": 1, "v": [[9223372036854775807, 1, 1, 1], [9223372036854775807, 1, 1, 1]]}]})");
  ASSERT_TRUE(document) << document.error().message;
  // One site with two sizes of blocks.
  document->window.sites.pop_back();
  document->window.first_row = {0, 2};
  EXPECT_THAT(WriteSeriesJson(*document), HasSubstr("[-2,2,2,2]"));
}

TEST(SeriesJson, WritesWhatItReads) {
  const auto document = ReadSeriesJson(kSmall);
  ASSERT_TRUE(document);
  const auto again = ReadSeriesJson(WriteSeriesJson(*document));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->run, document->run);
  EXPECT_EQ(again->target, document->target);
  EXPECT_EQ(again->versions, document->versions);
  EXPECT_EQ(again->interval, document->interval);
  EXPECT_EQ(again->window.sites, document->window.sites);
  EXPECT_EQ(again->window.matrix, document->window.matrix);
  EXPECT_EQ(again->window.limit_bytes, document->window.limit_bytes);
  ASSERT_EQ(again->window.observations.size(), document->window.observations.size());
  for (std::size_t i = 0; i < again->window.observations.size(); ++i) {
    EXPECT_EQ(again->window.observations[i].time, document->window.observations[i].time);
    EXPECT_EQ(again->window.observations[i].lifetime, document->window.observations[i].lifetime);
  }
}

TEST(SeriesJson, TakesAllocationsThatAreNeverToldForAbsent) {
  const auto document = ReadSeriesJson(
      R"({"sites": [{"function": "f"}], "snapshots": [{"t": 1, "v": [[1, 1, null, null]]}, {"t": 2, "v": [[2, 2, 0, 0]]}]})");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FALSE(document->window.has[static_cast<std::size_t>(Quantity::kAllocSpace)]);
  EXPECT_TRUE(document->window.has[static_cast<std::size_t>(Quantity::kInuseSpace)]);
}

TEST(SeriesJson, NamesThePlaceOfAMistake) {
  const auto message = [](std::string_view text) {
    const auto document = ReadSeriesJson(text);
    return document ? std::string("fine") : document.error().message;
  };
  EXPECT_THAT(message("<html>"), HasSubstr("not JSON"));
  EXPECT_THAT(message("[]"), HasSubstr("object"));
  EXPECT_THAT(message("{}"), HasSubstr("sites"));
  EXPECT_THAT(message(R"({"sites": [3], "snapshots": []})"), HasSubstr("sites[0]"));
  EXPECT_THAT(message(R"({"sites": [], "snapshots": [{"t": 1}]})"), HasSubstr("snapshots[0]"));
  EXPECT_THAT(message(R"({"sites": [{}], "snapshots": [{"t": 1, "v": []}]})"),
              HasSubstr("snapshots[0].v: has 0 rows for 1 sites"));
  EXPECT_THAT(message(R"({"sites": [{}], "snapshots": [{"t": 1, "v": [[1, 2, "x", 4]]}]})"),
              HasSubstr("snapshots[0].v[0]"));
  EXPECT_THAT(message(R"({"sites": [{}], "snapshots": [{"t": 1, "v": [[null, null, 5, 5]]}]})"),
              HasSubstr("the live bytes"));
  EXPECT_THAT(message(R"({"sites": [], "snapshots": [{"t": "now", "v": null}]})"),
              HasSubstr("Unix seconds"));
}

}  // namespace
}  // namespace heapwatch
