#include "watcher/push/push_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

const Time kNow = *ParseTime("2026-05-01T12:00:00Z", Time());

HttpRequest Request(std::multimap<std::string, std::string, std::less<>> query) {
  HttpRequest request;
  request.method = "POST";
  request.query = std::move(query);
  request.peer = "10.0.0.7";
  return request;
}

// As Pyroscope's Go agent writes it: two fields, the profile as a file.
HttpRequest AgentsForm(const std::string& config) {
  HttpRequest request = Request({{"name", "checkout{version=v2,pod=checkout-1,__session_id__=8f}"},
                                 {"from", "1777636790"},
                                 {"until", "1777636800"},
                                 {"spyName", "gospy"},
                                 {"format", "pprof"},
                                 {"sampleRate", "100"}});
  request.headers["content-type"] = "multipart/form-data; boundary=8f3a";
  request.body =
      "--8f3a\r\nContent-Disposition: form-data; name=\"profile\"; filename=\"profile.pprof\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n\x1f\x8b\r\n--bytes\r\n"
      "--8f3a\r\nContent-Disposition: form-data; name=\"sample_type_config\"; "
      "filename=\"sample_type_config.json\"\r\n\r\n" +
      config + "\r\n--8f3a--\r\n";
  return request;
}

TEST(ParseIngest, ReadsWhatPyroscopesAgentSends) {
  const HttpRequest request = AgentsForm(
      R"({"alloc_space":{"units":"bytes"},"inuse_space":{"units":"bytes","aggregation":"average"}})");
  const auto push = ParseIngest(request, kNow);
  ASSERT_TRUE(push) << push.error().message;
  EXPECT_EQ(push->labels, (Labels{{"service", "checkout"},
                                  {"job", "checkout"},
                                  {"instance", "checkout-1"},
                                  {"pod", "checkout-1"},
                                  {"version", "v2"}}));
  EXPECT_EQ(push->profile, "\x1f\x8b\r\n--bytes");
  EXPECT_EQ(FormatRfc3339(*push->time), "2026-05-01T12:00:00Z");
  EXPECT_TRUE(push->alloc_is_delta);
}

TEST(ParseIngest, TakesAFilesNameNotForTheFields) {
  HttpRequest request = AgentsForm("{}");
  request.body =
      "--8f3a\r\nContent-Disposition: form-data; filename=\"heap.pb.gz\"; name=\"profile\"\r\n\r\n"
      "bytes\r\n--8f3a--";
  const auto push = ParseIngest(request, kNow);
  ASSERT_TRUE(push) << push.error().message;
  EXPECT_EQ(push->profile, "bytes");
}

TEST(ParseIngest, BelievesThatAllocIsCumulativeWhereItIsSaid) {
  const HttpRequest request =
      AgentsForm(R"({"alloc_space":{"cumulative":true},"alloc_objects":{"cumulative":true}})");
  EXPECT_FALSE(ParseIngest(request, kNow)->alloc_is_delta);
}

TEST(ParseIngest, TakesABodyThatIsNoForm) {
  HttpRequest request = Request({{"name", "checkout"}});
  request.body = "bytes";
  const auto push = ParseIngest(request, kNow);
  ASSERT_TRUE(push) << push.error().message;
  EXPECT_EQ(push->profile, "bytes");
  EXPECT_EQ(Get(push->labels, "instance"), "10.0.0.7");
  EXPECT_FALSE(push->time);
}

TEST(ParseIngest, SaysWhatItCannotTake) {
  const auto error = [](const HttpRequest& request) {
    const auto push = ParseIngest(request, kNow);
    return push ? "" : push.error().message;
  };
  EXPECT_THAT(error(Request({{"name", "a"}, {"format", "jfr"}})), HasSubstr("send pprof"));
  EXPECT_THAT(error(Request({{"name", ""}})), HasSubstr("whose heap"));
  EXPECT_THAT(error(Request({{"name", "a{b=c"}})), HasSubstr("lacks its }"));
  EXPECT_THAT(error(Request({{"name", "a{b}"}})), HasSubstr("tag=value"));
  EXPECT_THAT(error(Request({{"name", "a"}, {"until", "noon"}})), HasSubstr("Unix time"));
  EXPECT_THAT(error(AgentsForm("[]")), HasSubstr("sample_type_config"));
  HttpRequest cut = AgentsForm("{}");
  cut.body.resize(cut.body.size() - 20);
  EXPECT_THAT(error(cut), HasSubstr("breaks off"));
  for (std::size_t size = 0; size < cut.body.size(); ++size) {
    HttpRequest shorter = cut;
    shorter.body.resize(size);
    EXPECT_FALSE(ParseIngest(shorter, kNow));
  }
}

TEST(ParsePush, TakesParametersForLabels) {
  const auto push = ParsePush(
      Request({{"job", "cron"}, {"region", "eu"}, {"time", "now-10s"}, {"alloc", "delta"}}), kNow);
  ASSERT_TRUE(push) << push.error().message;
  EXPECT_EQ(
      push->labels,
      (Labels{{"job", "cron"}, {"service", "cron"}, {"instance", "10.0.0.7"}, {"region", "eu"}}));
  EXPECT_EQ(*push->time, kNow - std::chrono::seconds(10));
  EXPECT_TRUE(push->alloc_is_delta);
}

TEST(ParsePush, SaysWhatItCannotTake) {
  EXPECT_FALSE(ParsePush(Request({{"region", "eu"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"not a name", "x"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"__address__", "x"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"job", "b"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"time", "noon"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"alloc", "some"}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "a"}, {"x", std::string(1025, 'x')}}), kNow));
  EXPECT_FALSE(ParsePush(Request({{"job", "\xff"}}), kNow));
}

}  // namespace
}  // namespace heapwatch
