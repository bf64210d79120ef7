#include "alerting/acks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

const Time kNow = FromUnixMillis(1'795'345'200'000);

Ack Known(const std::string& site, const std::string& service = "") {
  return {.site_id = site,
          .service = service,
          .author = "ann",
          .reason = "HEAP-42",
          .created = kNow,
          .expires = kNow + hours(1),
          .covers_pages = false};
}

TEST(AckBook, SparesPeopleTheSiteUntilItExpires) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s")).has_value());
  EXPECT_EQ(book.MuteOf("s", "checkout", kTicket, kNow), (Mute{"ann", "HEAP-42", kNow + hours(1)}));
  EXPECT_EQ(book.MuteOf("other", "checkout", kTicket, kNow), std::nullopt);
  EXPECT_EQ(book.MuteOf("s", "checkout", kTicket, kNow + hours(1)), std::nullopt);
}

TEST(AckBook, HoldsForOneServiceWhereItNamesOne) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s", "checkout")).has_value());
  EXPECT_TRUE(book.MuteOf("s", "checkout", kTicket, kNow).has_value());
  EXPECT_FALSE(book.MuteOf("s", "cart", kTicket, kNow).has_value());
}

TEST(AckBook, HoldsBackAPageOnlyWhereItWasGivenForOne) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s", "checkout")).has_value());
  EXPECT_FALSE(book.MuteOf("s", "checkout", kPage, kNow).has_value());
  Ack general = Known("s");
  general.covers_pages = true;
  ASSERT_TRUE(book.Add(general).has_value());
  EXPECT_TRUE(book.MuteOf("s", "checkout", kPage, kNow).has_value());
}

TEST(AckBook, RefusesWhatNobodyCouldMakeSenseOfLater) {
  AckBook book;
  const auto refusal = [&](auto change) {
    Ack ack = Known("s");
    change(ack);
    const auto added = book.Add(ack);
    EXPECT_FALSE(added.has_value());
    return added.has_value() ? "" : added.error().message;
  };
  EXPECT_THAT(refusal([](Ack& a) { a.author = ""; }), HasSubstr("by: "));
  EXPECT_THAT(refusal([](Ack& a) { a.reason = ""; }), HasSubstr("reason"));
  EXPECT_THAT(refusal([](Ack& a) { a.reason.assign(5000, 'x'); }), HasSubstr("1000 characters"));
  EXPECT_THAT(refusal([](Ack& a) { a.expires = kNow; }), HasSubstr("is past"));
  EXPECT_THAT(refusal([](Ack& a) { a.expires = kNow + hours(24 * 400); }), HasSubstr("a year"));
  EXPECT_TRUE(book.Active().empty());
  EXPECT_TRUE(book.Audit().empty());
}

TEST(AckBook, RecordsEveryChangeWithWhoAndWhen) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s")).has_value());
  Ack longer = Known("s");
  longer.author = "bob";
  longer.expires = kNow + hours(2);
  ASSERT_TRUE(book.Add(longer).has_value());
  ASSERT_TRUE(book.Withdraw("s", "", "cid", kNow + minutes(5)).has_value());
  ASSERT_TRUE(book.Add(Known("t")).has_value());
  EXPECT_FALSE(book.Expire(kNow + minutes(59)));
  EXPECT_TRUE(book.Expire(kNow + hours(3)));
  EXPECT_TRUE(book.Active().empty());
  std::vector<std::string> told;
  for (const AckRecord& r : book.Audit())
    told.push_back(FormatRfc3339(r.time) + " " + r.action + " " + r.ack.site_id + " " + r.by);
  EXPECT_THAT(told, ::testing::ElementsAre("2026-11-22T12:00:00Z expired t ",
                                           "2026-11-22T11:00:00Z acknowledged t ann",
                                           "2026-11-22T11:05:00Z withdrawn s cid",
                                           "2026-11-22T11:00:00Z replaced s bob",
                                           "2026-11-22T11:00:00Z acknowledged s ann"));
}

TEST(AckBook, WithdrawsOnlyWhatIsThere) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s", "checkout")).has_value());
  EXPECT_EQ(book.Withdraw("s", "", "bob", kNow).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(book.Withdraw("s", "checkout", "", kNow).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(book.Withdraw("s", "checkout", "bob", kNow).has_value());
}

TEST(AckBook, IsBounded) {
  AckBook book;
  for (std::size_t i = 0; i < AckBook::kMaxActive; ++i)
    ASSERT_TRUE(book.Add(Known("s" + std::to_string(i))).has_value());
  EXPECT_EQ(book.Add(Known("one more")).error().code, ErrorCode::kLimit);
  EXPECT_TRUE(book.Add(Known("s7")).has_value());
  EXPECT_EQ(book.Audit().size(), AckBook::kMaxAudit);
}

TEST(AckBook, IsTheSameAfterARestart) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s", "checkout")).has_value());
  ASSERT_TRUE(book.Add(Known("t")).has_value());
  ASSERT_TRUE(book.Withdraw("t", "", "bob", kNow).has_value());
  AckBook restored;
  ASSERT_TRUE(restored.Restore(book.Save()).has_value());
  EXPECT_EQ(restored.Active(), book.Active());
  EXPECT_EQ(restored.Audit(), book.Audit());
  for (const char* bad : {"", "{}", R"({"version":9,"active":[],"audit":[]})",
                          R"({"version":1,"active":7,"audit":[]})"}) {
    EXPECT_EQ(restored.Restore(bad).error().code, ErrorCode::kCorrupt) << bad;
    EXPECT_EQ(restored.Active(), book.Active());
  }
}

TEST(AckBook, KeepsWhatCanBeReadBesideWhatCannot) {
  AckBook book;
  ASSERT_TRUE(book.Add(Known("s", "checkout")).has_value());
  std::string saved = book.Save();
  saved.insert(saved.find("[") + 1, R"({"site":"t"},)");
  AckBook restored;
  const auto passed_over = restored.Restore(saved);
  ASSERT_TRUE(passed_over.has_value()) << passed_over.error().message;
  ASSERT_EQ(passed_over->size(), 1U);
  EXPECT_NE(passed_over->front().find(R"({"site":"t"})"), std::string::npos);
  EXPECT_EQ(restored.Active(), book.Active());
  EXPECT_EQ(restored.Audit(), book.Audit());
}

}  // namespace
}  // namespace heapwatch
