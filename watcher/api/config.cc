// /api/v1/config: the configuration in force, as the file would say it with every default written
// down. Fields are named one by one, and a secret is told as "<secret>".
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/base/units.h"
#include "watcher/api/handlers.h"
#include "watcher/api/reply.h"
#include "watcher/net/url.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::string_view kHidden = "<secret>";

std::string Size(std::size_t bytes) { return FormatBytes(static_cast<double>(bytes)); }

json::array List(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

// The parts that stand in lists, below.
json::object Describe(const StaticConfig& group);
json::object Describe(const RelabelConfig& rule);
json::object Describe(const ScrapeConfig& job);
json::object Describe(const AlertmanagerConfig& cluster);
json::object Describe(const WebhookConfig& webhook);
json::object Describe(const AlertRule& rule);
json::object Describe(const MuteConfig& mute);
json::object Describe(const LinkConfig& link);

template <class Part>
json::array DescribeAll(const std::vector<Part>& parts) {
  json::array out;
  for (const Part& part : parts) out.push_back(Describe(part));
  return out;
}

// What need not be there is told where it is.
void AddText(json::object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}
void AddSecret(json::object& out, std::string_view name, const Secret& secret) {
  if (!secret.empty()) out[name] = kHidden;
}

json::object Describe(const TlsClientConfig& tls) {
  json::object out = {{"insecure_skip_verify", tls.insecure_skip_verify},
                      {"min_version", tls.min_version}};
  AddText(out, "ca", tls.ca);
  AddText(out, "ca_file", tls.ca_file);
  AddText(out, "cert", tls.cert);
  AddText(out, "cert_file", tls.cert_file);
  AddSecret(out, "key", tls.key);
  AddText(out, "key_file", tls.key_file);
  AddText(out, "server_name", tls.server_name);
  return out;
}

void AddHttp(const HttpClientConfig& http, json::object& out) {
  if (const auto& basic = http.basic_auth) {
    json::object auth = {{"username", basic->username}};
    AddSecret(auth, "password", basic->password);
    AddText(auth, "password_file", basic->password_file);
    out["basic_auth"] = std::move(auth);
  }
  if (const auto& authorization = http.authorization) {
    json::object auth = {{"type", authorization->type}};
    AddSecret(auth, "credentials", authorization->credentials);
    AddText(auth, "credentials_file", authorization->credentials_file);
    out["authorization"] = std::move(auth);
  }
  if (!http.http_headers.empty()) {
    json::object headers;
    for (const HttpHeaderConfig& header : http.http_headers) {
      const std::vector<std::string> hidden(header.values.size(), std::string(kHidden));
      headers[header.name] = json::object{{"secrets", List(hidden)}, {"files", List(header.files)}};
    }
    out["http_headers"] = std::move(headers);
  }
  out["tls_config"] = Describe(http.tls);
  AddSecret(out, "proxy_url", http.proxy_url);
  out["follow_redirects"] = http.follow_redirects;
}

json::object Describe(const StaticConfig& group) {
  return {{"targets", List(group.targets)}, {"labels", json::value_from(group.labels)}};
}

json::object Describe(const FileSdConfig& files) {
  return {{"files", List(files.files)},
          {"refresh_interval", FormatDuration(files.refresh_interval)}};
}

json::object Describe(const HttpSdConfig& server) {
  json::object out = {{"url", server.url},
                      {"refresh_interval", FormatDuration(server.refresh_interval)}};
  AddHttp(server.http, out);
  return out;
}

json::object Describe(const DnsSdConfig& dns) {
  json::object out = {{"names", List(dns.names)},
                      {"type", DnsTypeNames()[static_cast<std::size_t>(dns.type)]},
                      {"refresh_interval", FormatDuration(dns.refresh_interval)}};
  if (dns.type != DnsSdConfig::Type::kSrv) out["port"] = dns.port;
  return out;
}

json::object Describe(const KubernetesSdConfig& cluster) {
  json::array selectors;
  for (const KubernetesSdConfig::Selector& selector : cluster.selectors)
    selectors.push_back(json::object{
        {"role", selector.role}, {"label", selector.label}, {"field", selector.field}});
  json::object out = {{"role", KubernetesRoleNames()[static_cast<std::size_t>(cluster.role)]},
                      {"namespaces", json::object{{"names", List(cluster.namespaces)},
                                                  {"own_namespace", cluster.own_namespace}}},
                      {"selectors", std::move(selectors)}};
  AddText(out, "api_server", cluster.api_server);
  AddText(out, "kubeconfig_file", cluster.kubeconfig_file);
  AddHttp(cluster.http, out);
  return out;
}

void AddDiscovery(const std::vector<DiscoveryConfig>& configs, json::object& out) {
  for (const DiscoveryConfig& config : configs) {
    json::value& list = out[std::string(MechanismOf(config)) + "_sd_configs"];
    if (list.is_null()) list.emplace_array();
    list.as_array().push_back(
        std::visit([](const auto& mechanism) { return Describe(mechanism); }, config));
  }
}

json::object Describe(const RelabelConfig& rule) {
  json::object out = {{"action", RelabelActionNames()[static_cast<std::size_t>(rule.action)]},
                      {"source_labels", List(rule.source_labels)},
                      {"separator", rule.separator},
                      {"regex", rule.regex},
                      {"replacement", rule.replacement}};
  AddText(out, "target_label", rule.target_label);
  if (rule.action == RelabelAction::kHashMod) out["modulus"] = rule.modulus;
  return out;
}

json::object Describe(const ScrapeConfig& job) {
  json::object params;
  for (const auto& [name, values] : job.params) params[name] = List(values);
  json::object out = {{"job_name", job.job_name},
                      {"scrape_interval", FormatDuration(job.scrape_interval)},
                      {"scrape_timeout", FormatDuration(job.scrape_timeout)},
                      {"scheme", job.scheme},
                      {"profile_path", job.profile_path},
                      {"metrics_path", job.metrics_path},
                      {"params", std::move(params)},
                      {"body_size_limit", Size(job.body_size_limit_bytes)},
                      {"target_limit", job.target_limit},
                      {"static_configs", DescribeAll(job.static_configs)},
                      {"relabel_configs", DescribeAll(job.relabel_configs)}};
  if (job.memory_limit_bytes)
    out["memory_limit"] = FormatBytes(static_cast<double>(*job.memory_limit_bytes));
  AddText(out, "stop_scraping", job.stop_scraping);
  AddDiscovery(job.discovery_configs, out);
  AddHttp(job.http, out);
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
      {"external_labels", json::value_from(global.external_labels)}};
  AddText(out, "stop_scraping", global.stop_scraping);
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
  return {{"skip_functions", List(rules.skip_functions)}, {"use_defaults", rules.use_defaults}};
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
  AddText(out, "name", rule.name);
  if (!rule.match.empty()) out["match"] = json::value_from(rule.match);
  return out;
}

json::object Describe(const MuteConfig& mute) {
  return {{"match", json::value_from(mute.match)},
          {"until", FormatRfc3339(mute.until)},
          {"reason", mute.reason}};
}

json::object Describe(const AlertmanagerConfig& cluster) {
  json::object out = {{"static_configs", DescribeAll(cluster.static_configs)},
                      {"scheme", cluster.scheme},
                      {"path_prefix", cluster.path_prefix},
                      {"timeout", FormatDuration(cluster.timeout)}};
  AddHttp(cluster.http, out);
  return out;
}

json::object Describe(const WebhookConfig& webhook) {
  // What stands behind the host may be a token.
  const auto url = ParseHttpUrl(webhook.url);
  json::object out = {
      {"url", url ? url->scheme + "://" + url->authority() + "/" + std::string(kHidden) : ""},
      {"timeout", FormatDuration(webhook.timeout)},
      {"send_resolved", webhook.send_resolved},
      {"max_body", Size(webhook.max_body_bytes)}};
  AddHttp(webhook.http, out);
  return out;
}

json::object Describe(const LinkConfig& link) { return {{"name", link.name}, {"url", link.url}}; }

json::object Describe(const AlertingConfig& alerting) {
  json::object out = Describe(alerting.defaults);
  out["alertmanagers"] = DescribeAll(alerting.alertmanagers);
  out["webhooks"] = DescribeAll(alerting.webhooks);
  out["rules"] = DescribeAll(alerting.rules);
  out["mute"] = DescribeAll(alerting.mutes);
  out["links"] = DescribeAll(alerting.links);
  out["group_sites_from"] = alerting.group_sites_from;
  out["keep_evidence_for"] = FormatDuration(alerting.keep_evidence_for);
  out["resend_delay"] = FormatDuration(alerting.resend_delay);
  return out;
}

}  // namespace

Result<HttpResponse> GetConfig(const HttpRequest&, const ReadViews& views) {
  const auto config = views.config();
  return JsonReply(
      json::object{{"global", Describe(config->global)},
                   {"scrape_configs", DescribeAll(config->scrape_configs)},
                   {"site_rules", Describe(config->site_rules)},
                   {"detection", Describe(config->detection)},
                   {"alerting", Describe(config->alerting)},
                   {"storage", {{"retention", FormatDuration(config->storage.retention)}}}});
}

}  // namespace heapwatch
