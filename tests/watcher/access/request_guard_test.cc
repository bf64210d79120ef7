#include "watcher/access/request_guard.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

HttpRequest Request(std::string method, std::string path, Labels headers = {}) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = std::move(headers);
  return request;
}

TEST(MayServe, GivesEachRoleItsOwnAndNoMore) {
  const HttpRequest look = Request("GET", "/api/v1/sites");
  const HttpRequest push = Request("POST", "/ingest");
  const HttpRequest profile = Request("POST", "/api/v1/profiles");
  const HttpRequest ack = Request("POST", "/api/v1/sites/1/ack");
  const HttpRequest withdraw = Request("DELETE", "/api/v1/sites/1/ack");
  EXPECT_TRUE(MayServe(Role::kReadOnly, look));
  EXPECT_TRUE(MayServe(Role::kPush, push) && MayServe(Role::kPush, profile));
  EXPECT_FALSE(MayServe(Role::kPush, look) || MayServe(Role::kPush, ack));
  for (const HttpRequest* change : {&push, &profile, &ack, &withdraw}) {
    EXPECT_FALSE(MayServe(Role::kReadOnly, *change)) << change->path;
    EXPECT_TRUE(MayServe(Role::kAdmin, *change)) << change->path;
  }
}

TEST(IsForged, BelievesTheBrowserWhereItTellsTheSite) {
  for (const char* site : {"cross-site", "same-site"})
    EXPECT_TRUE(IsForged(Request("POST", "/-/reload", {{"sec-fetch-site", site}}), "")) << site;
  for (const char* site : {"same-origin", "none"})
    EXPECT_FALSE(IsForged(Request("POST", "/-/reload", {{"sec-fetch-site", site}}), "")) << site;
}

TEST(IsForged, ComparesTheOriginWithTheHostElse) {
  const auto post = [](const char* origin) {
    return Request("POST", "/-/reload", {{"origin", origin}, {"host", "10.0.0.1:9199"}});
  };
  EXPECT_FALSE(IsForged(post("http://10.0.0.1:9199"), ""));
  EXPECT_FALSE(IsForged(post("https://heap.example.com"), "heap.example.com"));
  EXPECT_TRUE(IsForged(post("https://evil.example.com"), "heap.example.com"));
  EXPECT_TRUE(IsForged(post("null"), ""));
}

TEST(IsForged, LeavesLookingAndOtherClientsAlone) {
  EXPECT_FALSE(IsForged(Request("GET", "/", {{"sec-fetch-site", "cross-site"}}), ""));
  EXPECT_FALSE(IsForged(Request("POST", "/-/reload"), ""));
}

}  // namespace
}  // namespace heapwatch
