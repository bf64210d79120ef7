#include "watcher/net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

TEST(HttpUrl, IsTakenApart) {
  const auto url = ParseHttpUrl("http://app.example:6060/debug/pprof/heap?gc=1&x=a%20b#part");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "app.example");
  EXPECT_EQ(url->port, 6060);
  EXPECT_EQ(url->target, "/debug/pprof/heap?gc=1&x=a%20b");
  EXPECT_EQ(url->authority(), "app.example:6060");
}

TEST(HttpUrl, LeavesTheSchemesOwnPortOutOfTheHostHeader) {
  EXPECT_EQ(ParseHttpUrl("http://app")->authority(), "app");
  EXPECT_EQ(ParseHttpUrl("https://app")->port, 443);
  EXPECT_EQ(ParseHttpUrl("https://app:80")->authority(), "app:80");
  EXPECT_EQ(ParseHttpUrl("http://app")->endpoint(), "app:80");
  EXPECT_EQ(ParseHttpUrl("http://app")->target, "/");
}

TEST(HttpUrl, KnowsIpv6) {
  const auto url = ParseHttpUrl("http://[2001:db8::1]:6060/heap");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->authority(), "[2001:db8::1]:6060");
}

TEST(HttpUrl, RefusesWhatCannotBeCalledAndSaysWhy) {
  EXPECT_THAT(ParseHttpUrl("localhost:6060").error().message, HasSubstr("http or https"));
  EXPECT_THAT(ParseHttpUrl("ftp://host/x").error().message, HasSubstr("http or https"));
  EXPECT_THAT(ParseHttpUrl("http:///x").error().message, HasSubstr("host is missing"));
  EXPECT_THAT(ParseHttpUrl("http://host:70000/").error().message, HasSubstr("port"));
  EXPECT_THAT(ParseHttpUrl("http://me:secret@host/").error().message, HasSubstr("user name"));
  EXPECT_THAT(ParseHttpUrl("http://host/a b").error().message, HasSubstr("http://host/a b"));
}

TEST(ListenAddress, TakesHostAndPort) {
  EXPECT_EQ(ParseListenAddress("127.0.0.1:9199")->port, 9199);
  EXPECT_EQ(ParseListenAddress("[::1]:9199")->host, "::1");
  EXPECT_EQ(ParseListenAddress(":9199")->host, "");
}

TEST(ListenAddress, RefusesOtherForms) {
  for (const char* text : {"9199", "localhost", "127.0.0.1:", "::1:9199", "host:99999", ""}) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().message, HasSubstr("127.0.0.1:9199")) << text;
  }
}

}  // namespace
}  // namespace heapwatch
