#include "config/load.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "config/alert_labels.h"
#include "config/load_alerting.h"
#include "config/load_discovery.h"
#include "config/load_http_client.h"
#include "config/read_file.h"
#include "config/relabel.h"
#include "config/targets.h"
#include "config/yaml_reader.h"

namespace heapwatch {
namespace {

constexpr double kNoMaximum = std::numeric_limits<double>::infinity();

using Fields = std::vector<YamlReader::Field>;

// What has to be known of all jobs to judge one.
struct SeenSoFar {
  std::set<std::string> job_names;
  std::map<Labels, std::string> targets;  // labels -> the job that has them
};

// What only shows once a target is put together: labels that begin with __, and two targets that
// are the same.
void CheckTargets(YamlReader& reader, const YAML::Node& node, const ScrapeConfig& job,
                  const StaticConfig& group, SeenSoFar& seen) {
  for (const FoundTarget& found : TargetsOf(job, Relabeler(job.relabel_configs), group)) {
    if (!found.target) {
      reader.Problem(node.Mark(), found.target.error().message);
      continue;
    }
    const std::optional<Target>& target = *found.target;
    if (!target) continue;
    const auto [it, is_new] = seen.targets.emplace(target->labels, job.job_name);
    // Whoever relabels may mean several addresses to be one target.
    if (!is_new && job.relabel_configs.empty())
      reader.Problem(node.Mark(), "target " + ToString(target->labels) +
                                      " stands twice, first in job \"" + it->second +
                                      "\": remove one, or tell them apart by a label");
  }
}

void ReadRelabelConfig(YamlReader& reader, const YAML::Node& node, const std::string& where,
                       std::vector<RelabelConfig>& out) {
  RelabelConfig rule;
  std::string action = "replace";
  std::size_t modulus = 0;
  const auto& names = RelabelActionNames();
  // As in Prometheus, in small or in capital letters.
  auto action_field = reader.OneOf("action", &action, names);
  action_field.read = [&, refuse = action_field.read](const YAML::Node& n) {
    action = n.IsScalar() ? boost::to_lower_copy(n.Scalar()) : "";
    if (std::find(names.begin(), names.end(), action) != names.end()) return;
    refuse(n);
    action.clear();
  };
  reader.Map(node, where,
             {action_field, reader.TextList("source_labels", &rule.source_labels),
              reader.Text("separator", &rule.separator), reader.Text("regex", &rule.regex),
              reader.Text("target_label", &rule.target_label),
              reader.Text("replacement", &rule.replacement), reader.Count("modulus", &modulus, 0)});
  if (action.empty()) return;
  rule.action =
      static_cast<RelabelAction>(std::find(names.begin(), names.end(), action) - names.begin());
  rule.modulus = modulus;
  if (const auto ok = CheckRelabelConfig(rule); !ok)
    return reader.Problem(node.Mark(), where + ": " + ok.error().message);
  out.push_back(std::move(rule));
}

void ReadParams(YamlReader& reader, const YAML::Node& node, ScrapeConfig& job) {
  if (!node.IsMap())
    return reader.Problem(node.Mark(), "params: expected names with lists of values");
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (name == "seconds") {
      reader.Problem(
          entry.first.Mark(),
          "params: \"seconds\" makes the target answer with a difference instead of its heap, "
          "which no trend can be read from; remove it");
    } else if (!entry.second.IsSequence()) {
      reader.Problem(entry.first.Mark(),
                     "params." + name + ": expected a list of values, such as [\"1\"]");
    } else {
      reader.TextList("params." + name, &job.params[name]).read(entry.second);
    }
  }
}

// Whoever stops it says why: the others will ask.
YamlReader::Field StopScrapingField(YamlReader& reader, std::string* out) {
  auto field = reader.Text("stop_scraping", out);
  field.read = [&reader, out, read = field.read](const YAML::Node& node) {
    read(node);
    if (node.IsScalar() && (out->empty() || *out == "true" || *out == "false"))
      reader.Problem(node.Mark(),
                     "stop_scraping: expected the reason why nothing is scraped, such as \"INC-7: "
                     "pprof hangs\"; leave the field out to scrape");
  };
  return field;
}

void ReadJob(YamlReader& reader, const YAML::Node& node, const std::string& where,
             const GlobalConfig& global, SeenSoFar& seen, ScrapeConfig& job) {
  job.scrape_interval = global.scrape_interval;
  job.stop_scraping = global.stop_scraping;
  std::optional<Duration> timeout;
  Duration own_timeout{};
  std::vector<YAML::Node> groups;
  auto timeout_field = reader.Time("scrape_timeout", &own_timeout);
  const auto read_timeout = timeout_field.read;
  timeout_field.read = [&](const YAML::Node& n) { read_timeout(n), timeout = own_timeout; };
  Fields fields = HttpClientFields(reader, job.http);
  fields.insert(
      fields.begin(),
      {reader.Text("job_name", &job.job_name), reader.Time("scrape_interval", &job.scrape_interval),
       timeout_field, reader.OneOf("scheme", &job.scheme, {"http", "https"}),
       reader.Text("profile_path", &job.profile_path),
       reader.Text("metrics_path", &job.metrics_path),
       reader.Section("params", [&](const YAML::Node& n) { ReadParams(reader, n, job); }),
       reader.Size("body_size_limit", &job.body_size_limit_bytes),
       StopScrapingField(reader, &job.stop_scraping),
       reader.Size("memory_limit", &job.memory_limit_bytes),
       reader.List("static_configs",
                   [&](const YAML::Node& n, const std::string& path) {
                     ReadTargetGroup(reader, n, where + "." + path, CheckAddress,
                                     job.static_configs.emplace_back());
                     groups.push_back(n);
                   }),
       reader.List("relabel_configs",
                   [&](const YAML::Node& n, const std::string& path) {
                     ReadRelabelConfig(reader, n, where + "." + path, job.relabel_configs);
                   }),
       reader.Count("target_limit", &job.target_limit, 0)});
  for (auto& field : DiscoveryFields(reader, where, job.discovery_configs))
    fields.push_back(std::move(field));
  reader.Map(node, where, fields);
  if (!node.IsMap()) return;
  if (job.job_name.empty()) return reader.Problem(node.Mark(), where + ": needs a job_name");
  if (!seen.job_names.insert(job.job_name).second)
    return reader.Problem(node["job_name"].Mark(),
                          "job_name: \"" + job.job_name + "\" stands twice");
  if (!job.profile_path.starts_with('/'))
    return reader.Problem(node["profile_path"].Mark(), "profile_path: must start with /");
  if (!job.metrics_path.empty() && !job.metrics_path.starts_with('/'))
    return reader.Problem(node["metrics_path"].Mark(), "metrics_path: must start with /");
  if (job.metrics_path.find("/pprof/") != std::string::npos)
    return reader.Problem(node["metrics_path"].Mark(),
                          "metrics_path: is where the target serves its own metrics; that of the "
                          "heap profile is profile_path");
  job.scrape_timeout = timeout.value_or(std::min(global.scrape_timeout, job.scrape_interval));
  if (job.scrape_timeout > job.scrape_interval)
    return reader.Problem(node["scrape_timeout"].Mark(),
                          "scrape_timeout: " + FormatDuration(job.scrape_timeout) +
                              " is longer than the scrape_interval of " +
                              FormatDuration(job.scrape_interval));
  for (std::size_t i = 0; i < groups.size(); ++i)
    CheckTargets(reader, groups[i], job, job.static_configs[i], seen);
}

void ReadScrapeBudget(YamlReader& reader, const YAML::Node& node, ScrapeBudgetConfig& budget) {
  reader.Map(node, "global.scrape_budget",
             {reader.Number("serving_share", &budget.serving_share, 0.001, 1),
              reader.Size("target_bytes_per_minute", &budget.target_bytes_per_minute),
              reader.Size("total_bytes_per_minute", &budget.total_bytes_per_minute),
              reader.Size("bytes_in_flight", &budget.bytes_in_flight)});
}

YamlReader::Field ExternalLabelsField(YamlReader& reader, Labels* out) {
  auto field = reader.LabelSet("external_labels", out, /*allow_meta=*/false);
  field.read = [&reader, read = field.read](const YAML::Node& node) {
    read(node);
    if (!node.IsMap()) return;
    for (const auto& entry : node)
      if (entry.first.IsScalar() && IsOwnAlertLabel(entry.first.Scalar()))
        reader.Problem(entry.first.Mark(), "external_labels: \"" + entry.first.Scalar() +
                                               "\" is what alerts call something of their own: "
                                               "give it another name");
  };
  return field;
}

void ReadGlobal(YamlReader& reader, const YAML::Node& node, GlobalConfig& global) {
  reader.Map(node, "global",
             {reader.Time("scrape_interval", &global.scrape_interval),
              reader.Time("scrape_timeout", &global.scrape_timeout),
              reader.Time("evaluation_interval", &global.evaluation_interval),
              reader.Section(
                  "scrape_budget",
                  [&](const YAML::Node& n) { ReadScrapeBudget(reader, n, global.scrape_budget); }),
              StopScrapingField(reader, &global.stop_scraping),
              ExternalLabelsField(reader, &global.external_labels)});
  if (global.scrape_timeout <= global.scrape_interval) return;
  // A short interval alone is not a mistake: the timeout nobody set shrinks with it.
  if (node.IsMap() && node["scrape_timeout"])
    return reader.Problem(node["scrape_timeout"].Mark(),
                          "scrape_timeout: " + FormatDuration(global.scrape_timeout) +
                              " is longer than the scrape_interval of " +
                              FormatDuration(global.scrape_interval));
  global.scrape_timeout = global.scrape_interval;
}

void ReadDetection(YamlReader& reader, const YAML::Node& node, TrendOptions& out) {
  reader.Map(node, "detection",
             {reader.Time("warm_up", &out.warm_up, Duration(0)),
              reader.Count("warm_up_cycles", &out.warm_up_cycles, 0),
              reader.Number("min_z", &out.min_z, 0, kNoMaximum),
              reader.Size("min_growth", &out.min_growth_bytes),
              reader.Number("min_growth_of_limit", &out.min_growth_of_limit, 0, 1),
              reader.Time("patience", &out.patience, Duration(0)),
              reader.Number("urgent_share_of_headroom", &out.urgent_share_of_headroom, 0, 1),
              reader.Time("max_window", &out.max_window),
              reader.Size("churn_alloc_rate", &out.churn_bytes_per_second),
              reader.Time("churn_lifetime", &out.churn_lifetime, Duration(0)),
              reader.Time("churn_for", &out.churn_for, Duration(0)),
              reader.Number("gogc", &out.gogc, 0, kNoMaximum)});
}

void ReadAlertmanager(YamlReader& reader, const YAML::Node& node, const std::string& where,
                      AlertmanagerConfig& out) {
  Fields fields = HttpClientFields(reader, out.http);
  fields.insert(fields.begin(), {reader.List("static_configs",
                                             [&](const YAML::Node& n, const std::string& path) {
                                               ReadTargetGroup(reader, n, where + "." + path,
                                                               CheckAddress,
                                                               out.static_configs.emplace_back());
                                             }),
                                 reader.OneOf("scheme", &out.scheme, {"http", "https"}),
                                 reader.Text("path_prefix", &out.path_prefix),
                                 reader.Time("timeout", &out.timeout)});
  reader.Map(node, where, fields);
  while (out.path_prefix.ends_with('/')) out.path_prefix.pop_back();
  if (!out.path_prefix.empty() && !out.path_prefix.starts_with('/')) out.path_prefix.insert(0, "/");
}

void ReadAlerting(YamlReader& reader, const YAML::Node& node, AlertingConfig& out) {
  Fields fields = AlertRuleFields(reader, out);
  fields.push_back(reader.List("alertmanagers", [&](const YAML::Node& n, const std::string& path) {
    ReadAlertmanager(reader, n, "alerting." + path, out.alertmanagers.emplace_back());
  }));
  fields.push_back(reader.Time("resend_delay", &out.resend_delay));
  reader.Map(node, "alerting", fields);
}

void ReadSiteRules(YamlReader& reader, const YAML::Node& node, SiteRules& out) {
  reader.Map(node, "site_rules",
             {reader.TextList("skip_functions", &out.skip_functions, CheckRegex),
              reader.Flag("use_defaults", &out.use_defaults)});
}

void ReadRoot(YamlReader& reader, const YAML::Node& root, Config& config) {
  SeenSoFar seen;
  reader.Map(
      root, "the configuration",
      {reader.Section("global", [&](const YAML::Node& n) { ReadGlobal(reader, n, config.global); }),
       reader.List("scrape_configs",
                   [&](const YAML::Node& n, const std::string& where) {
                     ReadJob(reader, n, where, config.global, seen,
                             config.scrape_configs.emplace_back());
                   }),
       reader.Section("site_rules",
                      [&](const YAML::Node& n) { ReadSiteRules(reader, n, config.site_rules); }),
       reader.Section("detection",
                      [&](const YAML::Node& n) { ReadDetection(reader, n, config.detection); }),
       reader.Section("alerting",
                      [&](const YAML::Node& n) { ReadAlerting(reader, n, config.alerting); }),
       reader.Section("storage", [&](const YAML::Node& n) {
         reader.Map(n, "storage", {reader.Time("retention", &config.storage.retention)});
       })});
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, std::string_view file) {
  Config config;
  const auto read = ReadYaml(text, file, [&](YamlReader& reader, const YAML::Node& root) {
    ReadRoot(reader, root, config);
  });
  if (!read) return Fail(read.error());
  return config;
}

Result<Config> LoadConfig(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return Fail(text.error());
  return ParseConfig(*text, path);
}

}  // namespace heapwatch
