// /api/v1/config: the configuration in force, as far as it concerns people. Fields are named one by
// one, so that nothing secret is ever told.
#include <string>

#include "analysis/base/units.h"
#include "watcher/api/handlers.h"
#include "watcher/api/reply.h"
#include "watcher/api/to_json.h"
#include "watcher/net/url.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

std::string Size(std::size_t bytes) { return FormatBytes(static_cast<double>(bytes)); }

json::object Describe(const ScrapeConfig& job) {
  json::object out = {{"job_name", job.job_name},
                      {"scrape_interval", FormatDuration(job.scrape_interval)},
                      {"scrape_timeout", FormatDuration(job.scrape_timeout)},
                      {"scheme", job.scheme},
                      {"profile_path", job.profile_path},
                      {"metrics_path", job.metrics_path},
                      {"body_size_limit", Size(job.body_size_limit_bytes)}};
  if (job.memory_limit_bytes)
    out["memory_limit"] = FormatBytes(static_cast<double>(*job.memory_limit_bytes));
  if (job.target_limit > 0) out["target_limit"] = job.target_limit;
  if (!job.stop_scraping.empty()) out["stop_scraping"] = job.stop_scraping;
  if (!job.relabel_configs.empty()) out["relabel_configs"] = job.relabel_configs.size();
  if (!job.discovery_configs.empty()) {
    json::array found_in;
    for (const DiscoveryConfig& discovery : job.discovery_configs)
      found_in.emplace_back(std::string(MechanismOf(discovery)) + ": " + PlaceOf(discovery));
    out["discovery"] = std::move(found_in);
  }
  return out;
}

json::object Describe(const GlobalConfig& global) {
  const ScrapeBudgetConfig& budget = global.scrape_budget;
  json::object out = {
      {"scrape_interval", FormatDuration(global.scrape_interval)},
      {"scrape_timeout", FormatDuration(global.scrape_timeout)},
      {"evaluation_interval", FormatDuration(global.evaluation_interval)},
      {"scrape_budget",
       json::object{{"serving_share", budget.serving_share},
                    {"target_bytes_per_minute", Size(budget.target_bytes_per_minute)},
                    {"total_bytes_per_minute", Size(budget.total_bytes_per_minute)},
                    {"bytes_in_flight", Size(budget.bytes_in_flight)}}},
      {"external_labels", ToJson(global.external_labels)}};
  if (!global.stop_scraping.empty()) out["stop_scraping"] = global.stop_scraping;
  return out;
}

json::object Describe(const TrendOptions& detection) {
  json::object out = {{"warm_up", FormatDuration(detection.warm_up)},
                      {"warm_up_cycles", detection.warm_up_cycles},
                      {"min_z", detection.min_z},
                      {"min_growth", FormatBytes(detection.min_growth_bytes)},
                      {"min_growth_of_limit", detection.min_growth_of_limit},
                      {"urgent_share_of_headroom", detection.urgent_share_of_headroom},
                      {"max_window", FormatDuration(detection.max_window)},
                      {"churn_alloc_rate", FormatBytesPerSecond(detection.churn_bytes_per_second)},
                      {"churn_lifetime", FormatDuration(detection.churn_lifetime)},
                      {"churn_for", FormatDuration(detection.churn_for)},
                      {"gogc", detection.gogc}};
  if (detection.patience) out["patience"] = FormatDuration(*detection.patience);
  return out;
}

json::object Describe(const SiteRules& rules) {
  return {{"skip_functions", json::array(rules.skip_functions.begin(), rules.skip_functions.end())},
          {"use_defaults", rules.use_defaults}};
}

json::object Describe(const AlertRule& rule) {
  json::array alert_on;
  for (const AlertOn on : rule.alert_on) alert_on.emplace_back(ToString(on));
  json::object out = {
      {"alert_on", std::move(alert_on)},
      {"min_slope", FormatBytesPerHour(rule.min_slope_bytes_per_hour)},
      {"min_size", FormatBytes(rule.min_size_bytes)},
      {"min_share_of_heap", rule.min_share_of_heap},
      {"min_churn_rate", FormatBytesPerSecond(rule.min_churn_bytes_per_second)},
      {"min_churn_share", rule.min_churn_share},
      {"min_regression_rate", FormatBytesPerSecond(rule.min_regression_bytes_per_second)},
      {"for", FormatDuration(rule.hold_for)},
      {"warm_up_after_deploy", FormatDuration(rule.warm_up_after_deploy)},
      {"keep_firing_for", FormatDuration(rule.keep_firing_for)},
      {"page_within", FormatDuration(rule.page_within)},
      {"target_down_for", FormatDuration(rule.target_down_for)}};
  if (rule.limit_within) out["limit_within"] = FormatDuration(*rule.limit_within);
  if (!rule.name.empty()) out["name"] = rule.name;
  if (!rule.match.empty()) out["match"] = ToJson(rule.match);
  return out;
}

json::object Describe(const MuteConfig& mute) {
  return {
      {"match", ToJson(mute.match)}, {"until", FormatRfc3339(mute.until)}, {"reason", mute.reason}};
}

// A webhook's address may hold a token: its host alone is told.
json::object Describe(const AlertingConfig& alerting) {
  json::object out = Describe(alerting.defaults);
  json::array alertmanagers;
  for (const AlertmanagerConfig& cluster : alerting.alertmanagers)
    for (const StaticConfig& group : cluster.static_configs)
      for (const std::string& address : group.targets)
        alertmanagers.emplace_back(cluster.scheme + "://" + address + cluster.path_prefix);
  json::array webhooks;
  for (const WebhookConfig& webhook : alerting.webhooks) {
    const auto url = ParseHttpUrl(webhook.url);
    webhooks.emplace_back(url ? url->scheme + "://" + url->authority() : "");
  }
  json::array rules;
  for (const AlertRule& rule : alerting.rules) rules.push_back(Describe(rule));
  json::array mutes;
  for (const MuteConfig& mute : alerting.mutes) mutes.push_back(Describe(mute));
  out["alertmanagers"] = std::move(alertmanagers);
  out["webhooks"] = std::move(webhooks);
  out["rules"] = std::move(rules);
  out["mute"] = std::move(mutes);
  out["group_sites_from"] = alerting.group_sites_from;
  out["keep_evidence_for"] = FormatDuration(alerting.keep_evidence_for);
  out["resend_delay"] = FormatDuration(alerting.resend_delay);
  return out;
}

}  // namespace

Result<HttpResponse> GetConfig(const HttpRequest&, const ReadViews& views) {
  const auto config = views.config();
  json::array jobs;
  for (const ScrapeConfig& job : config->scrape_configs) jobs.push_back(Describe(job));
  return JsonReply(
      json::object{{"global", Describe(config->global)},
                   {"scrape_configs", std::move(jobs)},
                   {"site_rules", Describe(config->site_rules)},
                   {"detection", Describe(config->detection)},
                   {"alerting", Describe(config->alerting)},
                   {"storage", {{"retention", FormatDuration(config->storage.retention)}}}});
}

}  // namespace heapwatch
