#include "watcher/api/route_prefix.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

HttpRequest At(std::string path) {
  HttpRequest request;
  request.path = std::move(path);
  return request;
}

TEST(RoutePrefix, TakesEverySpelling) {
  for (const char* text : {"heap", "/heap", "/heap/", "heap/"})
    EXPECT_EQ(RoutePrefix(text), "/heap");
  for (const char* text : {"", "/"}) EXPECT_EQ(RoutePrefix(text), "");
  EXPECT_EQ(RoutePrefix("/a/b/"), "/a/b");
}

TEST(EnterPrefix, TakesThePrefixOff) {
  HttpRequest request = At("/heap/api/v1/sites");
  EXPECT_FALSE(EnterPrefix("/heap", request));
  EXPECT_EQ(request.path, "/api/v1/sites");
  request = At("/heap/");
  EXPECT_FALSE(EnterPrefix("/heap", request));
  EXPECT_EQ(request.path, "/");
  request = At("/api/v1");
  EXPECT_FALSE(EnterPrefix("", request));
  EXPECT_EQ(request.path, "/api/v1");
}

TEST(EnterPrefix, LeadsToThePageAndKnowsNothingElse) {
  for (const char* path : {"/", "/heap"}) {
    HttpRequest request = At(path);
    const auto answer = EnterPrefix("/heap", request);
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 302);
    EXPECT_EQ(answer->headers.at("location"), "/heap/");
  }
  for (const char* path : {"/heapster/", "/api/v1", "/metrics"}) {
    HttpRequest request = At(path);
    const auto answer = EnterPrefix("/heap", request);
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 404);
  }
  HttpRequest from_a_browser = At("/heapster/");
  from_a_browser.headers = {{"accept", "text/html"}};
  EXPECT_TRUE(EnterPrefix("/heap", from_a_browser)->content_type.starts_with("text/html"));
}

}  // namespace
}  // namespace heapwatch
