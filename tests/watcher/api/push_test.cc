// What a sender is told of a push that is not kept.
#include "watcher/api/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "analysis/profile/encode.h"
#include "analysis/profile/profile_builder.h"
#include "tests/support/test_profile.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

struct FixedClock : Clock {
  Time Now() const override { return FromUnixMillis(1'795'345'200'000); }
};

class PushTest : public ::testing::Test {
 protected:
  HttpResponse Push(std::string profile) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/profiles";
    request.query = {{"service", "checkout"}};
    request.body = std::move(profile);
    return HandlePush(request, clock_.Now(), targets_);
  }

  FixedClock clock_;
  std::function<Result<void>()> store_ = [] { return Result<void>(); };
  PushedTargets targets_{clock_,
                         [this](const Labels&, Time, const HeapProfile&) { return store_(); },
                         [](const Labels&) { return false; }};
};

TEST_F(PushTest, AsksToComeAgainOnlyWhereThatHelps) {
  EXPECT_EQ(Push(TestProfileBytes(1 << 20)).status, 200);
  EXPECT_EQ(Push(TestProfileBytes(1 << 20)).status, 429) << "twice at a time";
}

TEST_F(PushTest, TellsThatAProfileIsTooLarge) {
  ProfileBuilder deep({SampleType{"inuse_space", "bytes"}});
  const std::vector<Frame> frames(10'000, Frame{"f"});
  deep.AddSample(frames, 0, std::vector<std::int64_t>{1});
  const auto response = Push(EncodePprof(std::move(deep).Build()));
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("frames in a stack"));
}

TEST_F(PushTest, DoesNotAskForAHeapThatIsNotSampledAgain) {
  const auto response = Push("heap profile:      0:        0 [     0:        0] @ heap_v2/0\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("switched off"));
}

TEST_F(PushTest, TakesNoLimitOfTheStoreForTheSendersMistake) {
  store_ = [] { return Fail(ErrorCode::kLimit, "the disk is full"); };
  EXPECT_EQ(Push(TestProfileBytes(1 << 20)).status, 503);
  store_ = []() -> Result<void> { throw std::bad_alloc(); };
  EXPECT_EQ(Push(TestProfileBytes(1 << 20)).status, 500);
}

}  // namespace
}  // namespace heapwatch
