#include "analysis/base/base64.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

// The vectors of RFC 4648, section 10.
TEST(Base64, IsThatOfTheRfcInBothDirections) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
}

TEST(Base64, TakesAllBytes) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7);
  EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)), bytes);
}

TEST(Base64, RefusesWhatIsNotSuchText) {
  for (const std::string text : {"Z", "Zg", "Zg=", "Zm9v\n", "    ", "\tZg=", "Zg=-",
                                 "Z*==", "Zm9vZ", "Zg==Zg==", "Z=9v", "Z===", "===="})
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace heapwatch
