#include "alerting/alertmanager.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace heapwatch {
namespace {

TEST(AlertmanagerPayload, IsWhatTheV2ApiTakes) {
  const std::vector<Alert> alerts = {{.labels = {{"alertname", "HeapLeak"}, {"version", ""}},
                                      .annotations = {{"summary", "a \"b\"\n±"}},
                                      .starts_at = FromUnixMillis(1'795'345'200'000),
                                      .ends_at = FromUnixMillis(1'795'345'440'500),
                                      .generator_url = "http://hw:9199/x?a=b&c=d",
                                      .evidence = {},
                                      .finding_json = {}}};
  EXPECT_EQ(AlertmanagerPayload(alerts),
            R"([{"labels":{"alertname":"HeapLeak"},"annotations":{"summary":"a \"b\"\n±"},)"
            R"("startsAt":"2026-11-22T11:00:00Z","endsAt":"2026-11-22T11:04:00.500Z",)"
            R"("generatorURL":"http://hw:9199/x?a=b&c=d"}])");
  EXPECT_EQ(AlertmanagerPayload({}), "[]");
}

TEST(AlertmanagerPayload, IsValidUtf8WhateverAFunctionIsCalled) {
  const std::vector<Alert> alerts = {{.labels = {{"function", "f\xff\x80\xc3z"}},
                                      .annotations = {},
                                      .starts_at = {},
                                      .ends_at = {},
                                      .generator_url = "http://hw",
                                      .evidence = {},
                                      .finding_json = {}}};
  const auto parsed = boost::json::parse(AlertmanagerPayload(alerts));
  EXPECT_EQ(parsed.at(0).at("labels").at("function").as_string(), "f\uFFFD\uFFFD\uFFFDz");
}

TEST(AlertmanagerPath, WorksUnderAPrefix) {
  EXPECT_EQ(AlertmanagerPath(""), "/api/v2/alerts");
  EXPECT_EQ(AlertmanagerPath("/am"), "/am/api/v2/alerts");
  EXPECT_EQ(AlertmanagerPath("/am/"), "/am/api/v2/alerts");
}

}  // namespace
}  // namespace heapwatch
