#include "watcher/discovery/file_discoverer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/watcher/discovery/running_discoverer.h"

namespace heapwatch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileDiscovererTest : public ::testing::Test {
 protected:
  // Looked at again only when something happens: an hour is for ever here.
  void Watch(std::vector<std::string> files, Duration refresh = std::chrono::hours(1)) {
    for (std::string& file : files) file = directory_.Path(file);
    running_ = std::make_unique<RunningDiscoverer>([&](const auto& cpu) {
      return std::make_unique<FileDiscoverer>(FileSdConfig{files, refresh}, cpu);
    });
  }
  // The addresses, as one text.
  bool Finds(const std::string& expected) const {
    const bool is_found = running_->Finds([&](const TargetGroups& groups) {
      std::string all;
      for (const StaticConfig& group : groups)
        for (const std::string& target : group.targets) all += (all.empty() ? "" : " ") + target;
      return all == expected;
    });
    if (!is_found) ADD_FAILURE() << "not found: " << expected << "; told: " << running_->error();
    return is_found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<RunningDiscoverer> running_;
};

TEST_F(FileDiscovererTest, ReadsJsonAndYamlThatAPatternMatches) {
  directory_.Write("a.json", R"([{"targets": ["a:1", "b:1"], "labels": {"zone": "eu"}}])");
  directory_.Write("b.yml", "- targets: [c:1]\n  labels: {zone: us}\n");
  directory_.Write("other.txt", "nonsense");
  Watch({"*.json", "b.yml"});
  ASSERT_TRUE(Finds("a:1 b:1 c:1"));
  const auto groups = running_->groups();
  EXPECT_THAT(groups[0].labels, ElementsAre(std::pair("__meta_filepath", directory_.Path("a.json")),
                                            std::pair("zone", "eu")));
  EXPECT_EQ(groups[1].labels.at("__meta_filepath"), directory_.Path("b.yml"));
  EXPECT_EQ(running_->error(), "");
}

TEST_F(FileDiscovererTest, NoticesFilesThatAreWrittenMovedInPlaceMadeAndRemoved) {
  directory_.Write("a.yml", "- targets: [a:1]\n");
  Watch({"*.yml"});
  ASSERT_TRUE(Finds("a:1"));
  directory_.Write("a.yml", "- targets: [a:2]\n");
  ASSERT_TRUE(Finds("a:2"));
  fs::rename(directory_.Write("new", "- targets: [a:3]\n"), directory_.Path("a.yml"));
  ASSERT_TRUE(Finds("a:3"));
  directory_.Write("b.yml", "- targets: [b:1]\n");
  ASSERT_TRUE(Finds("a:3 b:1"));
  fs::remove(directory_.Path("a.yml"));
  ASSERT_TRUE(Finds("b:1"));
  // As Kubernetes puts another version of a mounted ConfigMap in place.
  fs::create_directory(directory_.Path("v1"));
  directory_.Write("v1/c.yml", "- targets: [c:1]\n");
  fs::create_directory_symlink("v1", directory_.Path("data"));
  fs::create_symlink("data/c.yml", directory_.Path("c.yml"));
  ASSERT_TRUE(Finds("b:1 c:1"));
  fs::create_directory(directory_.Path("v2"));
  directory_.Write("v2/c.yml", "- targets: [c:2]\n");
  fs::create_directory_symlink("v2", directory_.Path("data.new"));
  fs::rename(directory_.Path("data.new"), directory_.Path("data"));
  ASSERT_TRUE(Finds("b:1 c:2"));
}

TEST_F(FileDiscovererTest, KeepsTheLastGoodGroupsOfABrokenFileAndTells) {
  directory_.Write("a.yml", "- targets: [a:1]\n");
  directory_.Write("b.yml", "- targets: [b:1]\n");
  Watch({"*.yml"});
  ASSERT_TRUE(Finds("a:1 b:1"));
  directory_.Write("a.yml", "- targets: [a:2]\n  lables: {}\n");
  ASSERT_TRUE(running_->Tells("a.yml:2:3: unknown field \"lables\""));
  directory_.Write("b.yml", "- targets: [b:2]\n");
  ASSERT_TRUE(Finds("a:1 b:2"));
  EXPECT_THAT(running_->error(), HasSubstr("a.yml:2:3"));
  directory_.Write("a.yml", "- targets: [a:3]\n");
  ASSERT_TRUE(Finds("a:3 b:2"));
  EXPECT_EQ(running_->error(), "");
}

TEST_F(FileDiscovererTest, LooksAgainAfterAWhileWhereNoWatchTellsOfIt) {
  Watch({"later/a.yml"}, std::chrono::milliseconds(50));
  ASSERT_TRUE(running_->Tells("there is no such file"));
  fs::create_directory(directory_.Path("later"));
  directory_.Write("later/a.yml", "- targets: [a:1]\n");
  ASSERT_TRUE(Finds("a:1"));
  EXPECT_EQ(running_->error(), "");
}

}  // namespace
}  // namespace heapwatch
