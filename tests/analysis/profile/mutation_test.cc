// What the fuzzers do at length, done briefly in every run: recorded profiles cut short and
// with bits turned must give a profile that holds together or an error that says something.
#include <gtest/gtest.h>

#include <random>

#include "analysis/profile/attribution.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/profile/inflate.h"
#include "tests/analysis/profile/profile_files.h"
#include "tests/support/paths.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMostCuts = 1000;
constexpr int kTurns = 500;

class Mutation : public testing::TestWithParam<std::filesystem::path> {
 protected:
  void SetUp() override {
    Inflater inflater;
    const auto plain = inflater.Inflate(packed_, 64U << 20U);
    ASSERT_TRUE(plain);
    plain_ = *plain;
  }

  void Try(std::string_view bytes) {
    const Result<HeapProfile> profile = decoder_.Decode(bytes);
    if (!profile) {
      EXPECT_FALSE(profile.error().message.empty());
      EXPECT_LT(profile.error().message.size(), 1000U);
      return;
    }
    ASSERT_EQ(profile->values.size(), profile->samples.size() * profile->sample_types.size());
    ASSERT_EQ(profile->stack_hashes.size(), profile->stack_count());
    for (std::size_t i = 0; i < profile->stack_count(); ++i) {
      attributor_->Attribute(*profile, StackId(i)).id();
    }
    for (const Sample& sample : profile->samples)
      ASSERT_LT(sample.stack.index(), profile->stack_count());
  }

  std::string packed_ = ReadFile(GetParam());
  std::string plain_;
  Decoder decoder_{{.inflated_bytes = 4U << 20U, .allow_delta = true, .allow_without_live = true}};
  std::shared_ptr<const SiteAttributor> attributor_ = *SiteAttributor::Create({});
};

TEST_P(Mutation, SurvivesBeingCutShort) {
  for (const std::string& bytes : {packed_, plain_}) {
    const std::size_t step = 1 + bytes.size() / kMostCuts;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
      // A copy, so that reading past the end is seen by the sanitizers.
      Try(std::string{bytes.substr(0, size)});
    }
  }
}

TEST_P(Mutation, SurvivesTurnedBits) {
  std::mt19937 random(7);
  for (const std::string& bytes : {packed_, plain_}) {
    for (int turn = 0; turn < kTurns; ++turn) {
      std::string changed = bytes;
      for (int i = 0; i <= turn % 4; ++i) {
        char& byte = changed[random() % changed.size()];
        byte = static_cast<char>(byte ^ (1 << random() % 8));
      }
      Try(changed);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, Mutation,
                         testing::ValuesIn(FilesIn(InSource("testdata/profiles"))),
                         [](const auto& file) {
                           std::string name = file.param.filename().string();
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace heapwatch
