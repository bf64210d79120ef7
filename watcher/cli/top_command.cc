#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "watcher/cli/commands.h"
#include "watcher/cli/output.h"
#include "watcher/cli/service_client.h"
#include "watcher/cli/site_cells.h"
#include "watcher/cli/table.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

struct TopArguments {
  ServiceAddress service;
  std::string target;
  std::string of_service;
  std::string verdict;
  std::size_t limit = 20;
  bool as_json = false;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch top
  heapwatch top --service checkout --verdict leak,growing
  heapwatch top --target 10.0.0.1:6060 --limit 5
  heapwatch top --json | jq -r '.sites[].site.name'

A site of several targets of a service stands in one row, by the most pressing of them; +9 tells
that nine more have it.

Exit codes: 0 fine, 1 the service cannot be asked, 2 wrong usage.)";

// Of a site so many targets are looked at for each row.
constexpr std::size_t kTargetsPerRow = 50;
constexpr std::size_t kMostAsked = 10'000;

// A site of a service, by its most pressing target.
struct Row {
  const json::object* site;
  std::size_t others = 0;  // targets that have it as well
};

std::vector<Row> RowsOf(const json::array& sites) {
  std::vector<Row> rows;
  std::map<std::array<std::string, 4>, std::size_t> known;
  for (const json::value& value : sites) {
    const json::object& site = value.as_object();
    const auto [row, is_new] = known.emplace(
        std::array{LabelCell(site, "service").text, LabelCell(site, "job").text,
                   TextOf(site.at("site").as_object(), "id"), TextOf(site, "verdict")},
        rows.size());
    if (is_new)
      rows.push_back({&site});
    else
      ++rows[row->second].others;
  }
  return rows;
}

Result<void> RunTop(const TopArguments& arguments) {
  const std::size_t asked =
      arguments.as_json ? arguments.limit : std::min(arguments.limit * kTargetsPerRow, kMostAsked);
  const auto data = AskServiceForData(arguments.service, "/api/v1/sites",
                                      {{"target", arguments.target},
                                       {"service", arguments.of_service},
                                       {"verdict", arguments.verdict},
                                       {"limit", std::to_string(asked)}});
  if (!data) return Fail(data.error());
  if (arguments.as_json) return WriteOutput("", json::serialize(*data) + "\n");
  std::vector<std::vector<Cell>> rows;
  for (const Row& row : RowsOf(data->at("sites").as_array())) {
    if (rows.size() == arguments.limit) break;
    const json::object& site = *row.site;
    Cell instance = LabelCell(site, "instance");
    if (row.others > 0) instance.text += " +" + std::to_string(row.others);
    rows.push_back({VerdictCell(site),
                    RateCell(site),
                    LiveCell(site),
                    LimitCell(site),
                    LabelCell(site, "service"),
                    instance,
                    {TextOf(site.at("site").as_object(), "name")}});
  }
  const std::vector<Column> columns = {
      {"VERDICT"}, {"GROWS", true}, {"LIVE", true}, {"LIMIT IN", true},
      {"SERVICE"}, {"INSTANCE"},    {"SITE"}};
  return WriteOutput("", RenderTable(columns, rows, StandardOutput()) +
                             std::to_string(rows.size()) + " rows, of " +
                             std::to_string(data->at("total").to_number<std::size_t>()) +
                             " sites on all targets, judged " +
                             std::string(data->at("evaluated").as_string()) + "\n");
}

}  // namespace

void AddTopCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<TopArguments>();
  CLI::App* command =
      app.add_subcommand("top", "Ask a running service for its sites, the most pressing first");
  command->add_option("--service", arguments->of_service, "Those of one service")
      ->type_name("NAME");
  command->add_option("--target", arguments->target, "Those of one target: its instance or id")
      ->type_name("TARGET");
  command
      ->add_option("--verdict", arguments->verdict,
                   "leak, growing, churn, plateau, stable, insufficient-data; several with commas")
      ->type_name("KINDS");
  command->add_option("--limit", arguments->limit, "So many rows")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000).description(""))
      ->capture_default_str();
  command->add_flag("--json", arguments->as_json, "As the API answers, instead of a table");
  AddServiceOptions(*command, arguments->service);
  command->footer(kFooter);
  command->callback([arguments, &exit_code] {
    exit_code = RunAsking("top", arguments->service, [&arguments] { return RunTop(*arguments); });
  });
}

}  // namespace heapwatch
