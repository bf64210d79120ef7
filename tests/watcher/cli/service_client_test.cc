#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/watcher/cli/run_command.h"

namespace heapwatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::vector<std::string>> kCommands = {
    {"targets"}, {"top"}, {"trend", "f"}, {"diff", "--target", "t", "now-1h", "now"}};

// What each of them says where that answers.
std::vector<std::string> Complaints(const std::string& answer) {
  const RawServer server(answer);
  std::vector<std::string> complaints;
  for (std::vector<std::string> command : kCommands) {
    command.insert(command.end(), {"--url", "http://" + server.address()});
    const CommandOutcome outcome = RunCommand(command);
    EXPECT_EQ(outcome.exit_code, kExitBadInput) << command[0];
    EXPECT_THAT(outcome.err,
                StartsWith("heapwatch " + command[0] + ": http://" + server.address()));
    complaints.push_back(outcome.err);
  }
  return complaints;
}

TEST(ServiceClient, SaysWhatAnswersInPlaceOfAHeapwatch) {
  const std::string page = "<!DOCTYPE html><html><title>Grafana</title></html>";
  for (const std::string& complaint : Complaints(HttpAnswer(200, "text/html", page)))
    EXPECT_THAT(complaint, AllOf(HasSubstr("answers as no Heapwatch does"),
                                 HasSubstr("an HTML page (\"Grafana\")")));
  for (const std::string& complaint : Complaints(HttpAnswer(200, "text/plain", "")))
    EXPECT_THAT(complaint, HasSubstr("answers as no Heapwatch does"));
  for (const std::string& complaint : Complaints(HttpAnswer(404, "text/html", page)))
    EXPECT_THAT(complaint, HasSubstr("is this a Heapwatch, and its path prefix in the URL?"));
}

TEST(ServiceClient, TellsJsonOfAnotherForm) {
  for (const char* data :
       {R"({"activeTargets":[]})", R"([1,2])", R"({"active":[3],"sites":[3]})",
        R"({"active":[{"labels":{},"interval_ms":"1m"}],"sites":[],"total":-1})"})
    for (const std::string& complaint : Complaints(HttpAnswer(
             200, "application/json", R"({"status":"success","data":)" + std::string(data) + "}")))
      EXPECT_THAT(complaint, HasSubstr("answers as no Heapwatch")) << data;
}

}  // namespace
}  // namespace heapwatch
