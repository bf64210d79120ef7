#include <CLI/CLI.hpp>
#include <boost/json.hpp>
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

Exit codes: 0 fine, 1 the service cannot be asked, 2 wrong usage.)";

Result<void> RunTop(const TopArguments& arguments) {
  const auto data = AskServiceForData(arguments.service, "/api/v1/sites",
                                      {{"target", arguments.target},
                                       {"service", arguments.of_service},
                                       {"verdict", arguments.verdict},
                                       {"limit", std::to_string(arguments.limit)}});
  if (!data) return Fail(data.error());
  if (arguments.as_json) return WriteOutput("", json::serialize(*data) + "\n");
  std::vector<std::vector<Cell>> rows;
  for (const json::value& value : data->at("sites").as_array()) {
    const json::object& site = value.as_object();
    rows.push_back({VerdictCell(site),
                    RateCell(site),
                    LiveCell(site),
                    LimitCell(site),
                    LabelCell(site, "service"),
                    LabelCell(site, "instance"),
                    {TextOf(site.at("site").as_object(), "name")}});
  }
  const std::vector<Column> columns = {
      {"VERDICT"}, {"GROWS", true}, {"LIVE", true}, {"LIMIT IN", true},
      {"SERVICE"}, {"INSTANCE"},    {"SITE"}};
  return WriteOutput(
      "", RenderTable(columns, rows, StandardOutput()) + std::to_string(rows.size()) + " of " +
              std::to_string(data->at("total").to_number<std::size_t>()) + " sites, judged " +
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
