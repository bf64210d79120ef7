#include "config/load_alerting.h"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "config/load_http_client.h"
#include "config/targets.h"

namespace heapwatch {
namespace {

using Fields = std::vector<YamlReader::Field>;

const std::pair<std::string_view, AlertOn> kAlertOnNames[] = {
    {"leak", AlertOn::kLeak},
    {"growing", AlertOn::kGrowing},
    {"churn", AlertOn::kChurn},
    {"regression", AlertOn::kRegression},
    {"target-down", AlertOn::kTargetDown}};

std::optional<AlertOn> AlertOnFromString(std::string_view name) {
  for (const auto& [known, value] : kAlertOnNames)
    if (known == name) return value;
  return std::nullopt;
}

YamlReader::Field AlertOnField(YamlReader& reader, std::vector<AlertOn>* out) {
  return reader.Section("alert_on", [&reader, out](const YAML::Node& node) {
    std::vector<std::string> names;
    const auto check = [](const std::string& name) -> Result<void> {
      if (AlertOnFromString(name)) return {};
      return Fail(ErrorCode::kInvalidArgument,
                  "expected leak, growing, churn, regression or target-down, got \"" + name + "\"");
    };
    reader.TextList("alert_on", &names, check).read(node);
    out->clear();
    for (const std::string& name : names) out->push_back(*AlertOnFromString(name));
  });
}

// What can be said of all alerts in the section and of some in a rule.
Fields OwnFields(YamlReader& reader, AlertRule& rule) {
  return {AlertOnField(reader, &rule.alert_on),
          reader.Size("min_slope", &rule.min_slope_bytes_per_hour, 0),
          reader.Size("min_size", &rule.min_size_bytes, 0),
          reader.Number("min_share_of_heap", &rule.min_share_of_heap, 0, 1),
          reader.Time("limit_within", &rule.limit_within),
          reader.Size("min_churn_rate", &rule.min_churn_bytes_per_second, 0),
          reader.Number("min_churn_share", &rule.min_churn_share, 0, 1),
          reader.Size("min_regression_rate", &rule.min_regression_bytes_per_second, 0),
          reader.Time("for", &rule.hold_for, Duration(0)),
          reader.Time("warm_up_after_deploy", &rule.warm_up_after_deploy, Duration(0)),
          reader.Time("keep_firing_for", &rule.keep_firing_for, Duration(0)),
          reader.Time("page_within", &rule.page_within, Duration(0)),
          reader.Time("target_down_for", &rule.target_down_for, Duration(0))};
}

YamlReader::Field MatchField(YamlReader& reader, Labels* out) {
  return reader.Section("match", [&reader, out](const YAML::Node& node) {
    reader.LabelSet("match", out, /*allow_meta=*/false).read(node);
    if (!node.IsMap()) return;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) continue;
      if (auto ok = CheckRegex(entry.second.Scalar()); !ok)
        reader.Problem(entry.second.Mark(),
                       "match." + entry.first.Scalar() + ": " + ok.error().message);
    }
  });
}

void ReadRule(YamlReader& reader, const YAML::Node& node, const std::string& where,
              AlertRule& rule) {
  Fields fields = OwnFields(reader, rule);
  fields.insert(fields.begin(), {reader.Text("name", &rule.name), MatchField(reader, &rule.match)});
  reader.Map(node, where, fields);
  if (node.IsMap() && rule.name.empty())
    reader.Problem(node.Mark(), where + ": needs a name, by which messages tell it");
}

void ReadMute(YamlReader& reader, const YAML::Node& node, const std::string& where,
              MuteConfig& mute) {
  reader.Map(node, where,
             {MatchField(reader, &mute.match), reader.Moment("until", &mute.until),
              reader.Text("reason", &mute.reason)});
  if (!node.IsMap()) return;
  if (mute.match.empty())
    reader.Problem(node.Mark(),
                   where + ": needs a match; to mute everything would hide every leak");
  if (!node["until"])
    reader.Problem(node.Mark(), where + ": needs `until`: what is muted for ever is forgotten");
  if (mute.reason.empty())
    reader.Problem(node.Mark(), where + ": needs a reason, for whoever finds it later");
}

// nullopt where every {{...}} is closed and holds a label's name.
std::optional<std::string> TemplateProblem(std::string_view text) {
  while (true) {
    const auto open = text.find("{{");
    if (open == std::string_view::npos) return std::nullopt;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) return "a {{ is not closed by }}";
    std::string_view name = text.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!IsLabelName(name))
      return "\"" + std::string(name) + "\" between {{ and }} is not a label name";
    text.remove_prefix(close + 2);
  }
}

// Whether a link leads to a host. What follows that is for a browser, which takes what is no part
// of a URL by the letter.
bool LeadsToAHost(std::string link) {
  RE2::GlobalReplace(&link, R"(\{\{[^}]*\}\})", "x");
  const std::size_t host = std::min(link.find("://"), link.size());
  return IsHttpUrl(link.substr(0, link.find_first_of("/?#", host + 3)));
}

void ReadLink(YamlReader& reader, const YAML::Node& node, const std::string& where,
              std::set<std::string>& names, LinkConfig& link) {
  reader.Map(node, where, {reader.Text("name", &link.name), reader.Text("url", &link.url)});
  if (!node.IsMap()) return;
  if (!IsLabelName(link.name))
    return reader.Problem(node.Mark(), where +
                                           ": needs a name of letters, digits and _, such as "
                                           "dashboard");
  const std::set<std::string> own = {"ack", "diff", "profile", "site", "svg", "targets"};
  if (own.contains(link.name) || !names.insert(link.name).second)
    return reader.Problem(node["name"].Mark(),
                          "name: the annotation \"" + link.name + "_url\" is taken already");
  const YAML::Mark mark = node["url"] ? node["url"].Mark() : node.Mark();
  if (const auto problem = TemplateProblem(link.url))
    reader.Problem(mark, "url: " + *problem);
  else if (!LeadsToAHost(link.url))
    reader.Problem(mark, where + ": needs a url such as https://grafana.example.com/d/heap");
}

void ReadWebhook(YamlReader& reader, const YAML::Node& node, const std::string& where,
                 WebhookConfig& webhook) {
  Fields fields = HttpClientFields(reader, webhook.http);
  fields.insert(fields.begin(),
                {reader.Text("url", &webhook.url), reader.Time("timeout", &webhook.timeout),
                 reader.Flag("send_resolved", &webhook.send_resolved),
                 reader.Size("max_body", &webhook.max_body_bytes)});
  reader.Map(node, where, fields);
  if (node.IsMap() && !IsHttpUrl(webhook.url))
    // Not quoted: there may be a password in it.
    reader.Problem(node["url"] ? node["url"].Mark() : node.Mark(),
                   where +
                       ": needs a url such as https://hooks.example.com/heapwatch; a name and "
                       "password stand in basic_auth");
}

}  // namespace

std::string_view ToString(AlertOn on) {
  for (const auto& [name, value] : kAlertOnNames)
    if (value == on) return name;
  return "unknown";
}

Result<void> CheckRegex(const std::string& pattern) {
  const RE2 regex(pattern, RE2::Quiet);
  if (regex.ok()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "\"" + pattern + "\" is not a regular expression (RE2): " + regex.error());
}

Fields AlertRuleFields(YamlReader& reader, AlertingConfig& alerting) {
  // The table's order is the order of reading: a rule begins as a copy of what the section says.
  Fields fields = OwnFields(reader, alerting.defaults);
  fields.push_back(
      reader.List("rules", [&reader, &alerting](const YAML::Node& n, const std::string& path) {
        alerting.rules.push_back(alerting.defaults);
        ReadRule(reader, n, "alerting." + path, alerting.rules.back());
      }));
  fields.push_back(
      reader.List("mute", [&reader, &alerting](const YAML::Node& n, const std::string& path) {
        ReadMute(reader, n, "alerting." + path, alerting.mutes.emplace_back());
      }));
  fields.push_back(
      reader.List("webhooks", [&reader, &alerting](const YAML::Node& n, const std::string& path) {
        ReadWebhook(reader, n, "alerting." + path, alerting.webhooks.emplace_back());
      }));
  const auto names = std::make_shared<std::set<std::string>>();
  fields.push_back(reader.List(
      "links", [&reader, &alerting, names](const YAML::Node& n, const std::string& path) {
        ReadLink(reader, n, "alerting." + path, *names, alerting.links.emplace_back());
      }));
  fields.push_back(reader.Count("group_sites_from", &alerting.group_sites_from, 2));
  fields.push_back(reader.Time("keep_evidence_for", &alerting.keep_evidence_for, Duration(0)));
  return fields;
}

}  // namespace heapwatch
