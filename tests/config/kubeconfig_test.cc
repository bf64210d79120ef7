#include "config/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class KubeconfigTest : public ::testing::Test {
 protected:
  // One context with this cluster and user, among others.
  Result<KubernetesAccess> Load(const std::string& cluster, const std::string& user) const {
    return LoadKubeconfig(directory_.Write(
        "kubeconfig",
        "apiVersion: v1\nkind: Config\npreferences: {colors: true}\n"
        "current-context: here\n"
        "contexts:\n- {name: there, context: {cluster: other, user: other}}\n"
        "- {name: here, context: {cluster: c, user: u, namespace: shop}}\n"
        "clusters:\n- {name: other, cluster: {server: 'https://other'}}\n- {name: c, cluster: {" +
            cluster + "}}\nusers:\n- {name: u, user: {" + user + "}}\n"));
  }
  std::string ErrorOf(const std::string& cluster, const std::string& user) const {
    const auto access = Load(cluster, user);
    return access ? "none" : access.error().message;
  }
  TemporaryDirectory directory_;
};

const std::string kServer = "server: 'https://10.0.0.1:6443/'";

TEST_F(KubeconfigTest, TellsTheClusterAndTheUserOfTheCurrentContext) {
  const auto access = Load(kServer +
                               ", certificate-authority: ca.crt, tls-server-name: api, proxy-url: "
                               "'http://proxy:3128'",
                           "client-certificate: /etc/me.crt, client-key: me.key");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  const TlsClientConfig& tls = access->http.tls;
  EXPECT_EQ(tls.ca_file, directory_.Path("ca.crt"));
  EXPECT_EQ(tls.cert_file, "/etc/me.crt");
  EXPECT_EQ(tls.key_file, directory_.Path("me.key"));
  EXPECT_EQ(tls.server_name, "api");
  EXPECT_FALSE(tls.insecure_skip_verify);
  EXPECT_EQ(access->http.proxy_url, Secret("http://proxy:3128"));
}

TEST_F(KubeconfigTest, TakesCertificatesThatStandInIt) {
  // "authority", "certificate", "key"
  const auto access =
      Load(kServer + ", certificate-authority-data: YXV0aG9yaXR5, insecure-skip-tls-verify: true",
           "client-certificate-data: Y2VydGlmaWNhdGU=, client-key-data: a2V5");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->http.tls.ca, "authority");
  EXPECT_EQ(access->http.tls.cert, "certificate");
  EXPECT_EQ(access->http.tls.key, Secret("key"));
  EXPECT_TRUE(access->http.tls.insecure_skip_verify);
}

TEST_F(KubeconfigTest, TakesBase64OverSeveralLines) {
  const auto access =
      Load(kServer + ", certificate-authority-data: \"YXV0\\r\\naG9y\\naXR5\\n\"", "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->http.tls.ca, "authority");
}

TEST_F(KubeconfigTest, TakesEveryYamlBooleanAndNoOtherWord) {
  const auto skips = [&](const std::string& flag) {
    const auto access = Load(kServer + ", insecure-skip-tls-verify: " + flag, "");
    return access ? access->http.tls.insecure_skip_verify : false;
  };
  for (const char* yes : {"true", "True", "TRUE"}) EXPECT_TRUE(skips(yes)) << yes;
  for (const char* no : {"false", "False", "~"}) EXPECT_FALSE(skips(no)) << no;
  EXPECT_THAT(ErrorOf(kServer + ", insecure-skip-tls-verify: maybe", ""),
              HasSubstr("cluster \"c\": insecure-skip-tls-verify: expected true or false"));
}

TEST_F(KubeconfigTest, TakesAUserOfWhomNothingIsSaid) {
  for (const char* user : {"{name: u, user: }", "{name: u}"}) {
    const auto access = LoadKubeconfig(
        directory_.Write("k",
                         "current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {server: 'https://a'}}]\nusers: [" +
                             std::string(user) + "]\n"));
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->server, "https://a");
    EXPECT_EQ(access->http.basic_auth, std::nullopt);
  }
}

TEST_F(KubeconfigTest, TakesATokenAFileOfOneOrAPassword) {
  EXPECT_EQ(Load(kServer, "token: hush")->http.authorization,
            (AuthorizationConfig{"Bearer", Secret("hush"), ""}));
  EXPECT_EQ(Load(kServer, "token: hush, tokenFile: t")->http.authorization,
            (AuthorizationConfig{"Bearer", Secret(), directory_.Path("t")}));
  EXPECT_EQ(Load(kServer, "username: ann, password: hush")->http.basic_auth,
            (BasicAuthConfig{"ann", Secret("hush"), ""}));
}

TEST_F(KubeconfigTest, RefusesToRunPrograms) {
  EXPECT_THAT(ErrorOf(kServer, "exec: {command: aws, args: [eks, get-token]}"),
              AllOf(HasSubstr("kubeconfig: user \"u\": exec: "), HasSubstr("tokenFile")));
  EXPECT_THAT(ErrorOf(kServer, "auth-provider: {name: oidc}"), HasSubstr("auth-provider: "));
}

TEST_F(KubeconfigTest, TellsWhatIsMissingOrBrokenButNoSecret) {
  EXPECT_THAT(
      ErrorOf("", "token: hush"),
      AllOf(HasSubstr("kubeconfig: cluster \"c\": needs a server"), Not(HasSubstr("hush"))));
  EXPECT_THAT(ErrorOf(kServer, "client-key-data: '%hush%'"),
              AllOf(HasSubstr("client-key-data: is not base64"), Not(HasSubstr("hush"))));
  EXPECT_THAT(LoadKubeconfig(directory_.Write("k", "current-context: x\n")).error().message,
              HasSubstr("there is no \"x\" in contexts"));
  EXPECT_THAT(LoadKubeconfig(directory_.Write("k", "a: [")).error().message,
              HasSubstr("not valid YAML"));
  EXPECT_EQ(LoadKubeconfig(directory_.Path("none")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace heapwatch
