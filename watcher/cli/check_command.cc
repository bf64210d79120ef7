#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "alerting/alert_rules.h"
#include "analysis/base/units.h"
#include "config/load_discovery.h"
#include "watcher/access/web_settings.h"
#include "watcher/app/settings.h"
#include "watcher/cli/commands.h"
#include "watcher/discovery/file_discoverer.h"
#include "watcher/net/client_credentials.h"
#include "watcher/net/client_tls.h"
#include "watcher/net/clock.h"

namespace heapwatch {
namespace {

constexpr const char* kFooter = R"(Examples:
  heapwatch check config heapwatch.yml
  heapwatch check config heapwatch.yml && kill -HUP PID
  heapwatch check rules heapwatch.yml
  heapwatch check rules heapwatch.yml alertname=HeapLeak service=checkout     # what applies to it
  heapwatch check web-config web.yml

The files that file_sd_configs name are checked as well; one that is not there yet is a warning. So
are a password, token or certificate that cannot be read, a job without a target or whose relabelling
drops them all, a rule that never applies and a mute that is over.

Exit codes: 0 the file is good, 1 it has mistakes, each told with its line and column, 2 wrong usage.)";

struct TargetCount {
  std::size_t found = 0;
  std::size_t watched = 0;  // those that relabelling leaves
};

Result<void> CountTargets(const ScrapeConfig& job, const StaticConfig& group, TargetCount& count) {
  for (const FoundTarget& found : TargetsOf(job, Relabeler(job.relabel_configs), group)) {
    if (!found.target) return Fail(found.target.error());
    ++count.found;
    if (*found.target) ++count.watched;
  }
  return {};
}

// What is wrong with a file of targets, or with one of its targets once it is relabelled.
Result<void> CheckTargetFile(const ScrapeConfig& job, const std::string& file, TargetCount& count) {
  const auto groups = LoadTargetGroups(file);
  if (!groups) return Fail(groups.error());
  for (StaticConfig group : *groups) {
    group.labels["__meta_filepath"] = file;
    if (const auto ok = CountTargets(job, group, count); !ok) return Fail(ok.error().In(file));
  }
  return {};
}

// The files of file_sd_configs; whether none has mistakes, which are told.
bool CheckTargetFiles(const ScrapeConfig& job, TargetCount& count) {
  bool is_good = true;
  for (const DiscoveryConfig& discovery : job.discovery_configs) {
    const auto* file_sd = std::get_if<FileSdConfig>(&discovery);
    if (file_sd == nullptr) continue;
    for (const std::string& pattern : file_sd->files) {
      const auto files = MatchingFiles(pattern);
      if (files.empty())
        std::cerr << "warning: job \"" << job.job_name << "\": no file is there for " << pattern
                  << '\n';
      for (const std::string& file : files) {
        const auto checked = CheckTargetFile(job, file, count);
        if (!checked) std::cerr << checked.error().message << '\n';
        is_good = is_good && checked;
      }
    }
  }
  return is_good;
}

// Of a job that finds targets elsewhere nothing is known before it runs.
void WarnOfNoTargets(const ScrapeConfig& job, TargetCount count) {
  const auto is_in_files = [](const DiscoveryConfig& discovery) {
    return std::holds_alternative<FileSdConfig>(discovery);
  };
  if (!std::all_of(job.discovery_configs.begin(), job.discovery_configs.end(), is_in_files)) return;
  for (const StaticConfig& group : job.static_configs)
    static_cast<void>(CountTargets(job, group, count));  // loading has told what is wrong
  const std::string whom = "warning: job \"" + job.job_name + "\" ";
  if (count.found == 0 && job.discovery_configs.empty())
    std::cerr << whom << "has no target: name some in static_configs, or a place to find them\n";
  if (count.found > 0 && count.watched == 0)
    std::cerr << whom << "watches nothing: its relabel_configs drop all there is (" << count.found
              << " found)\n";
}

// What is read at each call, and cannot be now.
void WarnOfCalls(const Config& config) {
  ClientTls tls;
  const auto check = [&](const std::string& whom, const HttpClientConfig& http) {
    const auto warn = [&](const Error& error) {
      std::cerr << "warning: " << whom << ": " << error.message << '\n';
    };
    if (const auto headers = CredentialHeaders(http); !headers) warn(headers.error());
    if (const auto context = tls.ContextFor(http.tls); !context) warn(context.error());
  };
  for (const ScrapeConfig& job : config.scrape_configs) {
    const std::string name = "job \"" + job.job_name + '"';
    check(name, job.http);
    for (const DiscoveryConfig& discovery : job.discovery_configs)
      std::visit(
          [&](const auto& sd) {
            if constexpr (requires { sd.http; }) check("discovery of " + name, sd.http);
          },
          discovery);
  }
  for (const AlertmanagerConfig& alertmanager : config.alerting.alertmanagers)
    check("alertmanagers", alertmanager.http);
  for (const WebhookConfig& webhook : config.alerting.webhooks) check("webhooks", webhook.http);
}

std::string MatchText(const Labels& match) {
  std::string text;
  for (const auto& [label, pattern] : match)
    text += (text.empty() ? "" : ", ") + label + "=~\"" + pattern + '"';
  return text.empty() ? "everything" : text;
}

// What is well-formed and yet of no use.
void WarnOfRules(const AlertingConfig& alerting, Time now) {
  const auto& rules = alerting.rules;
  for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
    // All that the earlier one asks for, this one asks for as well.
    const auto earlier = std::find_if(rules.begin(), rule, [&](const AlertRule& r) {
      return std::includes(rule->match.begin(), rule->match.end(), r.match.begin(), r.match.end());
    });
    if (earlier != rule)
      std::cerr << "warning: rule \"" << rule->name << "\" never applies: \"" << earlier->name
                << "\" before it matches all that it does\n";
  }
  std::string names;
  for (const std::string_view name : kAlertNames)
    names += (names.empty() ? "" : ", ") + std::string(name);
  const std::string no_such_alert =
      " never applies: no alert has such an alertname; there is " + names;
  for (const AlertRule& rule : rules)
    if (!MatchesAnAlertName(rule.match))
      std::cerr << "warning: rule \"" << rule.name << "\" for " << MatchText(rule.match)
                << no_such_alert << '\n';
  for (const MuteConfig& mute : alerting.mutes)
    if (!MatchesAnAlertName(mute.match))
      std::cerr << "warning: the mute of " << MatchText(mute.match) << no_such_alert << '\n';
  for (const MuteConfig& mute : alerting.mutes)
    if (mute.until <= now)
      std::cerr << "warning: the mute of " << MatchText(mute.match) << " has been over since "
                << FormatRfc3339(mute.until) << '\n';
}

std::string RuleText(const AlertRule& rule) {
  std::string on;
  for (const AlertOn kind : rule.alert_on)
    on += (on.empty() ? "" : ", ") + std::string(ToString(kind));
  std::string text = "  alert_on: [" + on + "]\n";
  const auto add = [&](const char* name, const std::string& value) {
    text += std::string("  ") + name + ": " + value + '\n';
  };
  add("min_slope", FormatBytes(rule.min_slope_bytes_per_hour));
  add("min_size", FormatBytes(rule.min_size_bytes));
  add("min_share_of_heap", FormatNumber(rule.min_share_of_heap));
  if (rule.limit_within) add("limit_within", FormatDuration(*rule.limit_within));
  add("min_churn_rate", FormatBytes(rule.min_churn_bytes_per_second));
  add("min_churn_share", FormatNumber(rule.min_churn_share));
  add("min_regression_rate", FormatBytes(rule.min_regression_bytes_per_second));
  add("for", FormatDuration(rule.hold_for));
  add("warm_up_after_deploy", FormatDuration(rule.warm_up_after_deploy));
  add("keep_firing_for", FormatDuration(rule.keep_firing_for));
  add("page_within", FormatDuration(rule.page_within));
  add("target_down_for", FormatDuration(rule.target_down_for));
  return text;
}

// "service=checkout" and the like.
Result<Labels> ParseLabels(const std::vector<std::string>& arguments) {
  Labels labels;
  for (const std::string& argument : arguments) {
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(0, equals);
    if (equals == argument.size() || !IsLabelName(name))
      return Fail(ErrorCode::kInvalidArgument,
                  "\"" + argument + "\" is not a label such as service=checkout");
    labels.insert_or_assign(name, argument.substr(equals + 1));
  }
  return labels;
}

void ShowRules(const AlertingConfig& alerting, const std::string& file) {
  std::cout << file << " is good: " << alerting.rules.size() << " rules, " << alerting.mutes.size()
            << " mutes\n";
  for (const AlertRule& rule : alerting.rules)
    std::cout << "rule \"" << rule.name << "\" for " << MatchText(rule.match) << '\n';
  std::cout << "without a rule:\n" << RuleText(alerting.defaults);
}

void ShowRuleFor(const AlertingConfig& alerting, const Labels& labels, Time now) {
  const AlertRules rules(alerting);
  const AlertRule& rule = rules.For(labels);
  const std::string name = rule.name.empty() ? "no rule" : "rule \"" + rule.name + '"';
  std::cout << name << " for " << ToString(labels) << ":\n" << RuleText(rule);
  if (const auto mute = rules.MuteOf(labels, now))
    std::cout << "muted until " << FormatRfc3339(mute->until) << ": " << mute->reason << '\n';
}

int CheckRules(const std::string& file, const std::vector<std::string>& arguments) {
  const auto labels = ParseLabels(arguments);
  if (!labels) {
    std::cerr << labels.error().message << '\n';
    return kExitUsage;
  }
  const auto settings = LoadSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  const AlertingConfig& alerting = (*settings)->config->alerting;
  const Time now = SystemClock().Now();
  WarnOfRules(alerting, now);
  if (labels->empty()) {
    ShowRules(alerting, file);
  } else {
    ShowRuleFor(alerting, *labels, now);
  }
  return kExitOk;
}

int CheckConfig(const std::string& file) {
  const auto settings = LoadSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  WarnOfRules((*settings)->config->alerting, SystemClock().Now());
  WarnOfCalls(*(*settings)->config);
  bool is_good = true;
  std::size_t in_files = 0;
  for (const ScrapeConfig& job : (*settings)->config->scrape_configs) {
    TargetCount count;
    is_good = CheckTargetFiles(job, count) && is_good;
    in_files += count.watched;
    WarnOfNoTargets(job, count);
  }
  if (!is_good) return kExitBadInput;
  std::cout << file << " is good: " << (*settings)->config->scrape_configs.size() << " jobs, "
            << (*settings)->targets.size() + in_files << " targets\n";
  return kExitOk;
}

int CheckWebConfig(const std::string& file) {
  const auto settings = LoadWebSettings(file);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return kExitBadInput;
  }
  const WebConfig& config = (*settings)->config;
  std::cout << file << " is good: " << (config.tls ? "TLS, " : "no TLS, ")
            << config.basic_auth_users.size() << " users, " << config.bearer_tokens.size()
            << " tokens\n";
  return kExitOk;
}

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("check", "Check files before they are used");
  command->require_subcommand(1);
  command->footer(kFooter);
  const auto file = std::make_shared<std::string>();
  CLI::App* config = command->add_subcommand("config", "Check a configuration");
  config->add_option("FILE", *file, "The configuration")->required()->type_name(" ");
  config->footer(kFooter);
  config->callback([file, &exit_code] { exit_code = CheckConfig(*file); });
  const auto labels = std::make_shared<std::vector<std::string>>();
  CLI::App* rules = command->add_subcommand(
      "rules", "Check the alert rules of a configuration, or tell which applies to an alert");
  rules->add_option("FILE", *file, "The configuration")->required()->type_name(" ");
  rules->add_option("LABELS", *labels, "Of an alert, NAME=VALUE each")->type_name(" ");
  rules->footer(kFooter);
  rules->callback([file, labels, &exit_code] { exit_code = CheckRules(*file, *labels); });
  CLI::App* web = command->add_subcommand("web-config",
                                          "Check a web configuration, its certificates and tokens");
  web->add_option("FILE", *file, "The file of serve's --web.config.file")
      ->required()
      ->type_name(" ");
  web->footer(kFooter);
  web->callback([file, &exit_code] { exit_code = CheckWebConfig(*file); });
}

}  // namespace heapwatch
