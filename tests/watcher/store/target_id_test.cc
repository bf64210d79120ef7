#include "watcher/store/target_id.h"

#include <gtest/gtest.h>

namespace heapwatch {
namespace {

// Pinned: stores on disk and links in alerts hold these.
TEST(TargetId, IsTheSameOnEveryMachineAndInEveryVersion) {
  EXPECT_EQ(TargetId::Of({{"instance", "10.0.0.1:6060"}, {"job", "api"}}).ToString(),
            "5c2bdc5a08f8dfc3");
}

TEST(TargetId, DiffersWhereNamesAndValuesRunTogetherDifferently) {
  EXPECT_NE(TargetId::Of({{"a", "bc"}}), TargetId::Of({{"ab", "c"}}));
  EXPECT_NE(TargetId::Of({{"a", "b"}}), TargetId::Of({{"a", "b"}, {"c", ""}}));
}

TEST(TargetId, ReadsWhatItWrites) {
  const TargetId id{0x00ff00000000000aU};
  EXPECT_EQ(id.ToString(), "00ff00000000000a");
  EXPECT_EQ(TargetId::Parse(id.ToString()), id);
}

TEST(TargetId, RefusesWhatIsNotSixteenHexDigits) {
  for (const char* text : {"", "12", "00ff00000000000g", "00ff00000000000a0", "0x00ff00000000aa"}) {
    EXPECT_FALSE(TargetId::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace heapwatch
