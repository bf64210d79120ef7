#include "config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"

namespace heapwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

const std::string kCorpus = InSource("testdata/web_config/").string();

TEST(LoadWebConfig, ReadsWhatPrometheusReadsAndOurOwn) {
  const auto config = LoadWebConfig(kCorpus + "full.good.yml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->tls->cert_file, kCorpus + "server.crt");
  EXPECT_EQ(config->tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_THAT(config->tls->cipher_suites, ElementsAre("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
  EXPECT_THAT(config->headers, ElementsAre(Pair("Strict-Transport-Security", "max-age=31536000")));
  EXPECT_THAT(config->roles, ElementsAre(Pair("alice", Role::kAdmin), Pair("ci", Role::kPush)));
  EXPECT_TRUE(config->needs_login());
}

TEST(LoadWebConfig, TakesAnEmptyFileForNoLoginAndPlainHttp) {
  EXPECT_EQ(*LoadWebConfig(kCorpus + "empty.good.yml"), WebConfig{});
}

TEST(LoadWebConfig, TakesItsExample) {
  const auto config = LoadWebConfig(InSource("config/examples/web.yml").string());
  ASSERT_TRUE(config) << config.error().message;
  // What it says about defaults is so.
  TlsServerConfig defaults;
  defaults.cert_file = config->tls->cert_file;
  defaults.key_file = config->tls->key_file;
  EXPECT_EQ(*config->tls, defaults);
}

TEST(LoadWebConfig, TellsEveryMistakeWithItsPlaceAndNoSecret) {
  const auto config = LoadWebConfig(kCorpus + "mistakes.bad.yml");
  ASSERT_FALSE(config);
  const std::string& message = config.error().message;
  for (const char* part : {
           "yml:2:3: tls_server_config: needs a key_file",
           "yml:3:3: unknown field \"client_auth_typ\" in tls_server_config; did you mean "
           "\"client_auth_type\"?",
           "yml:4:19: client_ca_file: has no effect without a client_auth_type",
           "yml:5:16: min_version: expected TLS10 or TLS11 or TLS12 or TLS13, got \"SSL3\"",
           "yml:7:3: basic_auth_users.alice: not a bcrypt hash",
           "yml:8:3: basic_auth_users.bob: bcrypt's cost must be from 4 to 14",
           "yml:11:5: bearer_tokens[0]: \"carol\" is taken by another",
           "yml:13:5: bearer_tokens[1]: needs a credentials_file",
           "yml:15:3: unknown field \"carl\" in roles; did you mean \"carol\"?",
           "yml:16:10: carol: expected read-only or push or admin, got \"root\"",
           "yml:19:5: unknown field \"Server\" in headers",
       })
    EXPECT_THAT(message, HasSubstr(part));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
  EXPECT_THAT(message, Not(HasSubstr("$31$")));
}

}  // namespace
}  // namespace heapwatch
