#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "analysis/base/time.h"
#include "analysis/base/units.h"
#include "watcher/cli/commands.h"
#include "watcher/cli/output.h"
#include "watcher/cli/service_client.h"
#include "watcher/cli/site_cells.h"
#include "watcher/cli/table.h"
#include "watcher/net/clock.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

struct TargetsArguments {
  ServiceAddress service;
  bool as_json = false;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch targets
  heapwatch targets --url https://heap.example.com --user alice --password-file ~/.heapwatch
  heapwatch targets --json | jq '.active[] | select(.health == "down").last_error'

REASON tells why a target is not scraped, or not as often as it should be.

Exit codes: 0 fine, 1 the service cannot be asked, 2 wrong usage.)";

Cell HealthCell(const std::string& health) {
  if (health == "up") return {health, Colour::kGreen};
  return {health, health == "down" ? Colour::kRed : Colour::kDim};
}

// How often it is scraped, and how often it should be.
Cell EveryCell(const json::object& target) {
  const auto text = [](const json::object& of) {
    const json::value* interval = of.if_contains("interval_ms");
    return FormatDuration(Duration(interval == nullptr ? 0 : interval->to_number<std::int64_t>()));
  };
  const json::value* stretched = target.if_contains("stretched");
  if (stretched == nullptr) return {text(target)};
  return {text(stretched->as_object()) + " not " + text(target), Colour::kYellow};
}

// Why it is not scraped as it should be, the gravest reason.
Cell ReasonCell(const json::object& target) {
  if (const json::value* stopped = target.if_contains("stopped")) {
    const json::object& stop = stopped->as_object();
    return {"stopped by " + TextOf(stop, "by") + ": " + TextOf(stop, "reason"), Colour::kDim};
  }
  if (target.contains("lost"))
    return {"discovery no longer finds it; it is soon forgotten", Colour::kDim};
  if (const std::string error = TextOf(target, "last_error"); !error.empty())
    return {error, Colour::kRed};
  if (const json::value* stretched = target.if_contains("stretched"))
    return {TextOf(stretched->as_object(), "message"), Colour::kYellow};
  return {TextOf(target, "metrics_error"), Colour::kYellow};
}

// What is found and yet not watched, a line for each job; "" where there is nothing.
std::string NotWatched(const json::array& jobs) {
  std::string lines;
  for (const json::value& job : jobs) {
    std::string reasons;
    for (const auto& [reason, count] : job.at("dropped").as_object())
      reasons += (reasons.empty() ? "" : ", ") + std::to_string(count.to_number<std::size_t>()) +
                 " (" + std::string(reason) + ")";
    if (!reasons.empty())
      lines += "job \"" + TextOf(job.as_object(), "job") + "\" found and does not watch " +
               reasons + "; --json names them\n";
  }
  return lines;
}

std::string AgeOf(const std::string& rfc3339) {
  const Time now = SystemClock().Now();
  const auto time = ParseTime(rfc3339, now);
  if (!time) return "";
  return FormatDuration(std::chrono::duration_cast<std::chrono::seconds>(now - *time)) + " ago";
}

std::vector<Cell> RowOf(const json::object& target) {
  const json::object& labels = target.at("labels").as_object();
  const std::string last = TextOf(target, "last_scrape");
  const json::value* size = target.if_contains("last_body_bytes");
  return {HealthCell(TextOf(target, "health")),
          {TextOf(labels, "service")},
          {TextOf(labels, "version")},
          {TextOf(labels, "instance")},
          EveryCell(target),
          {AgeOf(last)},
          {size == nullptr ? "" : FormatBytes(size->to_number<double>())},
          ReasonCell(target)};
}

Result<void> RunTargets(const TargetsArguments& arguments) {
  const auto data = AskServiceForData(arguments.service, "/api/v1/targets", {});
  if (!data) return Fail(data.error());
  if (arguments.as_json) return WriteOutput("", json::serialize(*data) + "\n");
  std::vector<std::vector<Cell>> rows;
  std::size_t down = 0;
  for (const json::value& target : data->at("active").as_array()) {
    rows.push_back(RowOf(target.as_object()));
    if (rows.back()[0].text == "down") ++down;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return (a[0].text == "down") > (b[0].text == "down");
  });
  const std::vector<Column> columns = {{"HEALTH"},     {"SERVICE"},     {"VERSION"},
                                       {"INSTANCE"},   {"EVERY", true}, {"LAST", true},
                                       {"SIZE", true}, {"REASON"}};
  return WriteOutput("", RenderTable(columns, rows, StandardOutput()) +
                             std::to_string(rows.size()) + " targets, " + std::to_string(down) +
                             " down\n" + NotWatched(data->at("jobs").as_array()));
}

}  // namespace

void AddTargetsCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<TargetsArguments>();
  CLI::App* command =
      app.add_subcommand("targets", "Ask a running service whom it watches, and how that goes");
  command->add_flag("--json", arguments->as_json, "As the API answers, instead of a table");
  AddServiceOptions(*command, arguments->service);
  command->footer(kFooter);
  command->callback([arguments, &exit_code] {
    exit_code =
        RunAsking("targets", arguments->service, [&arguments] { return RunTargets(*arguments); });
  });
}

}  // namespace heapwatch
