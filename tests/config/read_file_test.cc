#include "config/read_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

class ReadFileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) { return directory_.Write("file", text); }
  TemporaryDirectory directory_;
};

TEST_F(ReadFileTest, GivesAllOfAFile) {
  const std::string text(3U << 20, 'x');
  EXPECT_EQ(ReadFile(Write(text)).value(), text);
  EXPECT_EQ(ReadFile(Write("")).value(), "");
}

TEST_F(ReadFileTest, SaysThatADirectoryIsOne) {
  for (const auto& read : {ReadFile(directory_.path()), ReadLineOfFile(directory_.path())}) {
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(read.error().message, directory_.path() + ": is a directory; name the file in it");
  }
}

TEST_F(ReadFileTest, NamesAFileThatIsNotThere) {
  const auto read = ReadFile(directory_.Path("none"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(read.error().message, HasSubstr("/none: cannot be read: No such file"));
}

TEST_F(ReadFileTest, RefusesWhatIsTooLarge) {
  EXPECT_TRUE(ReadFile(Write("1234"), 4));
  const auto read = ReadFile(Write("12345"), 4);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kLimit);
  EXPECT_THAT(read.error().message, HasSubstr("file: is larger than 4 B: is it the right file?"));
  EXPECT_EQ(ReadLineOfFile(Write(std::string(1U << 20, 'x'))).error().code, ErrorCode::kLimit);
}

TEST_F(ReadFileTest, TakesTheOneLineOfAFileWithoutTheBlanksAroundIt) {
  EXPECT_EQ(ReadLineOfFile(Write(" a secret \r\n\n")).value(), "a secret");
  EXPECT_THAT(ReadLineOfFile(Write(" \n")).error().message, HasSubstr("file: is empty"));
  EXPECT_THAT(ReadLineOfFile(Write("a\nb")).error().message, HasSubstr("more than one line"));
}

}  // namespace
}  // namespace heapwatch
