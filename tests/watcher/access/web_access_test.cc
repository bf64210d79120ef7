#include "watcher/access/web_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <thread>

#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

// htpasswd -nbBC 4 ann secret; others' programs write 2b and 2a.
const char* const kSecret = "$2y$04$cKYv080ZuU298XkFrYuJ7./SdyMza9/AWedLMC4KiOJoAmjsClAVG";

class WebAccessTest : public ::testing::Test {
 protected:
  void Load(const std::string& text) {
    auto access =
        WebAccess::Load(directory_.Write("web.yml", text),
                        [this](std::string_view reason) { ++refused_[std::string(reason)]; });
    ASSERT_TRUE(access) << access.error().message;
    access_ = std::move(*access);
  }
  // The status of the refusal, 200 for none.
  int Ask(const std::string& authorization, const std::string& method = "GET",
          const std::string& path = "/") {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.peer = "10.0.0.1";
    if (!authorization.empty()) request.headers["authorization"] = authorization;
    const Admission admission = RunCoroutine(access_->Admit(request));
    user_ = request.user;
    refusal_ = admission.answer.value_or(HttpResponse{});
    return admission.answer ? admission.answer->status : 200;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<WebAccess> access_;
  std::map<std::string, int> refused_;
  std::string user_;
  HttpResponse refusal_;
};

const std::string kAnn = "Basic YW5uOnNlY3JldA==";     // ann:secret
const std::string kWrong = "Basic YW5uOndyb25n";       // ann:wrong
const std::string kNobody = "Basic ZXZlOnNlY3JldA==";  // eve:secret

TEST_F(WebAccessTest, LetsEverybodyInWhereNobodyIsKnown) {
  Load("");
  EXPECT_EQ(Ask("", "POST", "/-/reload"), 200);
}

TEST_F(WebAccessTest, AsksForAPasswordAndTakesTheRightOneOnly) {
  Load(std::string("basic_auth_users: {ann: ") + kSecret + "}\n");
  EXPECT_EQ(Ask(""), 401);
  EXPECT_THAT(refusal_.headers.at("www-authenticate"), HasSubstr("Basic realm"));
  EXPECT_EQ(Ask(kWrong), 401);
  EXPECT_EQ(Ask(kNobody), 401);
  for (const char* garbage : {"Basic", "Basic !!!!", "Basic YW5u", "Digest x", "Bearer "})
    EXPECT_EQ(Ask(garbage), 401) << garbage;
  EXPECT_EQ(user_, "");
  EXPECT_EQ(Ask(kAnn), 200);
  EXPECT_EQ(user_, "ann");
  EXPECT_EQ(refused_["unauthenticated"], 8);
}

TEST_F(WebAccessTest, LetsWhoIsNotNamedAnAdminOnlyLook) {
  directory_.Write("ci.token", "correct-horse\n");
  Load(std::string("basic_auth_users: {ann: ") + kSecret +
       "}\nbearer_tokens: [{name: ci, credentials_file: ci.token}]\nroles: {ci: admin}\n");
  EXPECT_EQ(Ask(kAnn, "POST", "/-/reload"), 403);
  EXPECT_THAT(refusal_.body, HasSubstr("ann, read-only"));
  EXPECT_EQ(Ask("Bearer correct-horse", "POST", "/-/reload"), 200);
  EXPECT_EQ(user_, "ci");
  EXPECT_EQ(Ask("Bearer wrong-horse"), 401);
}

TEST_F(WebAccessTest, TakesChangedFilesAndKeepsTheOldOnesWhereTheNewAreBad) {
  directory_.Write("ci.token", "correct-horse");
  const std::string good = "bearer_tokens: [{name: ci, credentials_file: ci.token}]\n";
  Load(good);
  EXPECT_FALSE(*access_->Refresh());
  directory_.Write("ci.token", "another-horse-now");
  EXPECT_TRUE(*access_->Refresh());
  EXPECT_EQ(Ask("Bearer correct-horse"), 401);
  EXPECT_EQ(Ask("Bearer another-horse-now"), 200);
  directory_.Write("web.yml", "bearer_token: []\n");
  const auto refreshed = access_->Refresh();
  ASSERT_FALSE(refreshed);
  EXPECT_THAT(refreshed.error().message, HasSubstr("web.yml:1:1: unknown field \"bearer_token\""));
  EXPECT_FALSE(*access_->Refresh());  // told once
  EXPECT_EQ(Ask("Bearer another-horse-now"), 200);
  directory_.Write("web.yml", good + "roles: {ci: admin}\n");
  EXPECT_TRUE(*access_->Refresh());
}

TEST_F(WebAccessTest, IsNotOpenedByAFileThatIsStillBeingWritten) {
  const std::string users = std::string("basic_auth_users: {ann: ") + kSecret + "}\n";
  Load(users);
  directory_.Write("web.yml", "");
  const auto refreshed = access_->Refresh();
  ASSERT_FALSE(refreshed);
  EXPECT_THAT(refreshed.error().message, HasSubstr("takes the login away"));
  EXPECT_EQ(Ask(""), 401);
  EXPECT_EQ(Ask(kAnn), 200);
  directory_.Write("web.yml", users + "roles: {ann: admin}\n");
  EXPECT_TRUE(*access_->Refresh());
  EXPECT_EQ(Ask(kAnn, "POST", "/-/reload"), 200);
}

// The token's file is a pipe: reading it waits until it is written to.
TEST_F(WebAccessTest, NoticesWhatIsChangedWhileItReads) {
  const std::string users = std::string("basic_auth_users: {ann: ") + kSecret + "}\n";
  const std::string pipe = directory_.path() + "/ci.token";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream token(pipe);
    directory_.Write("web.yml", users + "roles: {ann: admin}\n");
    token << "correct-horse";
  });
  Load(users + "bearer_tokens: [{name: ci, credentials_file: ci.token}]\n");
  writer.join();
  EXPECT_EQ(Ask(kAnn, "POST", "/-/reload"), 403);
  EXPECT_TRUE(*access_->Refresh());
  EXPECT_EQ(Ask(kAnn, "POST", "/-/reload"), 200);
}

TEST_F(WebAccessTest, RefusesTokensThatAreNone) {
  for (const char* token : {"", "short", "two words"}) {
    directory_.Write("ci.token", token);
    const auto loaded = LoadWebSettings(
        directory_.Write("web.yml", "bearer_tokens: [{name: ci, credentials_file: ci.token}]\n"));
    EXPECT_FALSE(loaded) << token;
  }
}

TEST(PasswordCheck, ComputesEachRightPasswordOnce) {
  PasswordCheck check;
  using Outcome = PasswordCheck::Outcome;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(RunCoroutine(check.Check("secret", kSecret, "10.0.0.1")), Outcome::kRight);
  EXPECT_EQ(check.checks(), 1U);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(RunCoroutine(check.Check("wrong", kSecret, "10.0.0.1")), Outcome::kWrong);
  EXPECT_EQ(RunCoroutine(check.Check(std::string("secret\0x", 8), kSecret, "")), Outcome::kWrong);
  EXPECT_EQ(check.checks(), 3U);
}

TEST(PasswordCheck, MakesAFloodOfOnePeerGiveWayToOthers) {
  PasswordCheck check;
  boost::asio::io_context context;
  std::map<PasswordCheck::Outcome, int> flood;
  auto other = PasswordCheck::Outcome::kBusy;
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(context, check.Check("guess" + std::to_string(i), kSecret, "10.6.6.6"),
                          [&](const std::exception_ptr&, auto outcome) { ++flood[outcome]; });
  }
  boost::asio::co_spawn(context, check.Check("secret", kSecret, "10.0.0.1"),
                        [&](const std::exception_ptr&, auto outcome) { other = outcome; });
  context.run();
  EXPECT_EQ(other, PasswordCheck::Outcome::kRight);
  EXPECT_EQ(flood[PasswordCheck::Outcome::kWrong], 8);
  EXPECT_EQ(flood[PasswordCheck::Outcome::kBusy], 92);
}

}  // namespace
}  // namespace heapwatch
