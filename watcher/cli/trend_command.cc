#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <set>
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

constexpr std::size_t kSparklineWidth = 40;
constexpr std::size_t kMostSites = 10'000;

struct TrendArguments {
  ServiceAddress service;
  std::string site;
  std::string target;
  std::string from = "now-6h";
  std::size_t limit = 10;
  bool as_json = false;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch trend 'main.(*Sessions).Remember'
  heapwatch trend Remember --target 10.0.0.1:6060 --from now-2d
  heapwatch trend c6e399d474327571 --json

SITE is a site's id, its function, or a part of its name that only one site has; `heapwatch top`
lists them. One line for each target that has it, and each line of the function that allocates, the
most pressing first.

Exit codes: 0 fine, 1 the service cannot be asked or knows no such site, 2 wrong usage.)";

// The verdicts on the sites of that name, or on all where it is "".
Result<json::value> AskSites(const TrendArguments& arguments, const std::string& name) {
  return AskServiceForData(
      arguments.service, "/api/v1/sites",
      {{"target", arguments.target}, {"site", name}, {"limit", std::to_string(kMostSites)}});
}

// The verdicts on the one site that is meant.
Result<std::vector<json::object>> FindSite(const TrendArguments& arguments) {
  const auto exact = AskSites(arguments, arguments.site);
  if (!exact) return Fail(exact.error());
  std::vector<json::object> found;
  for (const json::value& value : exact->at("sites").as_array()) found.push_back(value.as_object());
  if (!found.empty()) return found;
  const auto all = AskSites(arguments, "");
  if (!all) return Fail(all.error());
  const json::array& sites = all->at("sites").as_array();
  std::set<std::string> names;
  for (const json::value& value : sites) {
    const std::string name = TextOf(value.at("site").as_object(), "name");
    if (name.find(arguments.site) == std::string::npos) continue;
    found.push_back(value.as_object());
    names.insert(name);
  }
  const auto total = all->at("total").to_number<std::size_t>();
  const bool is_part = sites.size() < total;
  std::string message = "site \"" + arguments.site + "\"";
  if (names.empty() && is_part)
    return Fail(ErrorCode::kNotFound, message + " is not among the " +
                                          std::to_string(sites.size()) + " most pressing of " +
                                          std::to_string(total) +
                                          " sites: give its id or its whole function");
  if (names.empty())
    return Fail(ErrorCode::kNotFound,
                message + " is unknown; `heapwatch top` lists those there are");
  if (names.size() == 1) return found;
  message += " fits " + std::to_string(names.size()) + " sites, name one:";
  std::size_t named = 0;
  for (const std::string& name : names)
    if (++named <= 5) message += (named == 1 ? " " : "; ") + name;
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::vector<double> LiveBytes(const json::value& series) {
  std::vector<double> bytes;
  const json::object& values = series.at("values").as_object();
  if (const json::value* live = values.if_contains("inuse_space"))
    for (const json::value& value : live->as_array()) bytes.push_back(value.to_number<double>());
  return bytes;
}

Result<void> RunTrend(const TrendArguments& arguments) {
  const auto sites = FindSite(arguments);
  if (!sites) return Fail(sites.error());
  std::vector<std::vector<Cell>> rows;
  json::array all;
  const auto name_of = [](const json::object& site) {
    return TextOf(site.at("site").as_object(), "name");
  };
  const json::object& first = sites->front();
  // A function allocates at several lines.
  const bool is_one = std::all_of(sites->begin(), sites->end(), [&](const json::object& site) {
    return name_of(site) == name_of(first);
  });
  for (const json::object& site : *sites) {
    if (rows.size() == arguments.limit) break;
    const auto series = AskServiceForData(arguments.service, "/api/v1/series",
                                          {{"target", TextOf(site, "target")},
                                           {"site", TextOf(site.at("site").as_object(), "id")},
                                           {"from", arguments.from}});
    if (!series) return Fail(series.error());
    all.push_back(json::object{{"verdict", site}, {"series", *series}});
    Cell verdict = VerdictCell(site);
    rows.push_back({LabelCell(site, "service"),
                    LabelCell(site, "instance"),
                    verdict,
                    RateCell(site),
                    LiveCell(site),
                    LimitCell(site),
                    {Sparkline(LiveBytes(*series), kSparklineWidth), verdict.colour}});
    if (!is_one) rows.back().push_back({name_of(site)});
  }
  if (arguments.as_json) return WriteOutput("", json::serialize(all) + "\n");
  const Display display = StandardOutput();
  std::vector<Column> columns = {{"SERVICE"},
                                 {"INSTANCE"},
                                 {"VERDICT"},
                                 {"GROWS", true},
                                 {"LIVE", true},
                                 {"LIMIT IN", true},
                                 {"SINCE " + arguments.from}};
  if (!is_one) columns.push_back({"SITE"});
  const std::string heading = is_one ? name_of(first) : arguments.site;
  std::string out =
      Paint({heading, Colour::kBold}, display) + "\n\n" + RenderTable(columns, rows, display);
  if (rows.size() < sites->size())
    out += std::to_string(sites->size() - rows.size()) + " more have it; --limit shows them\n";
  out += "\n" + Paint({TextOf(first, "reason")}, display) + "\n";
  return WriteOutput("", out);
}

}  // namespace

void AddTrendCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<TrendArguments>();
  CLI::App* command =
      app.add_subcommand("trend", "Ask a running service how the memory of one site goes");
  command->add_option("SITE", arguments->site, "A site, as below")
      ->required()
      ->type_name(" ")
      ->check(CLI::Validator(
          [](const std::string& site) {
            return site.empty() ? std::string("expected a site, as `heapwatch top` lists them")
                                : std::string();
          },
          ""));
  command->add_option("--target", arguments->target, "Of one target only: its instance or id")
      ->type_name("TARGET");
  command->add_option("--from", arguments->from, "Since when: now-2d, RFC 3339 or Unix seconds")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--limit", arguments->limit, "So many targets")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str();
  command->add_flag("--json", arguments->as_json, "Verdicts and series, instead of a table");
  AddServiceOptions(*command, arguments->service);
  command->footer(kFooter);
  command->callback([arguments, &exit_code] {
    exit_code =
        RunAsking("trend", arguments->service, [&arguments] { return RunTrend(*arguments); });
  });
}

}  // namespace heapwatch
