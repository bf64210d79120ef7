#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/profile/attribution.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/profile_builder.h"

namespace heapwatch {
namespace {

HeapProfile TwoSizes() {
  ProfileBuilder b({{"alloc_objects", "count"},
                    {"alloc_space", "bytes"},
                    {"inuse_objects", "count"},
                    {"inuse_space", "bytes"}});
  b.AddSample({{"runtime.mallocgc", "malloc.go", 1, 0}, {"main.f", "main.go", 7, 5}}, 16,
              {40, 640, 10, 160});
  b.AddSample({{"runtime.mallocgc", "malloc.go", 1, 0}, {"main.f", "main.go", 7, 5}}, 32,
              {2, 64, 1, 32});
  HeapProfile profile = std::move(b).Build();
  profile.sampling_period_bytes = 524288;
  profile.time = FromUnixMillis(1795346576316);
  return profile;
}

TEST(Pprof, ComesBackAsItWent) {
  const HeapProfile profile = TwoSizes();
  const Result<HeapProfile> back = DecodeProfile(EncodePprof(profile));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->values, profile.values);
  EXPECT_EQ(back->stack_hashes, profile.stack_hashes);
  EXPECT_EQ(back->sample_types, profile.sample_types);
  EXPECT_EQ(back->time, profile.time);
  EXPECT_EQ(back->total(Quantity::kInuseSpace), 192);
  EXPECT_EQ(back->samples[1].block_bytes, 32);
}

TEST(SiteAttributor, PassesOverTheRuntime) {
  const auto attributor = SiteAttributor::Create({});
  ASSERT_TRUE(attributor);
  const Site site = (*attributor)->Attribute(TwoSizes(), StackId(0U));
  EXPECT_EQ(site.function, "main.f");
  EXPECT_EQ(site.line, 2);
  EXPECT_TRUE(site.line_is_relative);
  EXPECT_EQ(site.ToString(), "main.f main.go:+2");
}

}  // namespace
}  // namespace heapwatch
