#include "config/targets.h"

#include <algorithm>
#include <boost/url/url.hpp>
#include <charconv>
#include <set>

#include "analysis/base/units.h"

namespace heapwatch {
namespace {

constexpr std::string_view kParamPrefix = "__param_";

Error InvalidLabel(std::string_view label, const Error& error) {
  return Error{ErrorCode::kInvalidArgument, error.message}.In(label);
}

// The address with the scheme's port where it has none, as Prometheus does it.
std::string WithPort(std::string address, std::string_view scheme) {
  const std::size_t colon = address.rfind(':');
  const bool has_port = colon != std::string::npos && address.find(']', colon) == std::string::npos;
  return has_port ? address : address + (scheme == "https" ? ":443" : ":80");
}

// Where the path stands in the label `path_label`.
Result<boost::urls::url> MakeUrl(const Labels& discovered, const std::string& path_label) {
  const std::string_view scheme = Get(discovered, "__scheme__");
  if (scheme != "http" && scheme != "https")
    return Fail(ErrorCode::kInvalidArgument,
                "__scheme__: expected http or https, got \"" + std::string(scheme) + "\"");
  const std::string_view path = Get(discovered, path_label);
  if (!path.starts_with('/'))
    return Fail(
        ErrorCode::kInvalidArgument,
        path_label + ": expected a path that starts with /, got \"" + std::string(path) + "\"");
  boost::urls::url url;
  url.set_scheme(scheme);
  url.set_encoded_authority(WithPort(std::string(Get(discovered, "__address__")), scheme));
  url.set_path(path);
  return url;
}

Result<std::string> MakeProfileUrl(const ScrapeConfig& job, const Labels& discovered) {
  auto url = MakeUrl(discovered, "__profile_path__");
  if (!url) return Fail(url.error());
  if (discovered.contains("__param_seconds"))
    return Fail(ErrorCode::kInvalidArgument,
                "__param_seconds: makes the target answer with a difference instead of its heap");
  auto params = job.params;
  for (const auto& [name, value] : discovered) {
    if (!name.starts_with(kParamPrefix)) continue;
    auto& values = params[name.substr(kParamPrefix.size())];
    // As in Prometheus the label stands for the first of several values.
    values.empty() ? values.push_back(value) : void(values.front() = value);
  }
  for (const auto& [name, values] : params)
    for (const std::string& value : values) url->params().append({name, value});
  return std::string(url->buffer());
}

}  // namespace

bool IsLabelName(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), is_word);
}

Result<void> CheckAddress(std::string_view address) {
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(address) + "\" is not an address such as 10.0.0.1:6060, " +
                    "api.example.com:6060 or [::1]:6060" + std::string(why));
  };
  if (address.find("://") != std::string_view::npos)
    return bad(": give no scheme here, but `scheme:` beside it");
  if (address.find('/') != std::string_view::npos)
    return bad(": give no path here, but a path field beside it");
  std::string_view host = address;
  std::optional<std::string_view> port;
  if (address.starts_with('[')) {
    const std::size_t end = address.find(']');
    if (end == std::string_view::npos) return bad("");
    host = address.substr(0, end + 1);
    const std::string_view rest = address.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return bad("");
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = address.find(':'); colon != std::string_view::npos) {
    host = address.substr(0, colon);
    port = address.substr(colon + 1);
    if (port->find(':') != std::string_view::npos) return bad(": put an IPv6 address in brackets");
  }
  if (port) {
    int number = 0;
    const auto [end, code] = std::from_chars(port->data(), port->data() + port->size(), number);
    if (code != std::errc() || end != port->data() + port->size() || number < 1 || number > 65535)
      return bad(": the port must be a number from 1 to 65535");
  }
  if (host.empty() || !boost::urls::parse_authority(host)) return bad("");
  if (host.find_first_of("@%") != std::string_view::npos) return bad("");
  return {};
}

Labels DiscoveredLabels(const ScrapeConfig& job, const StaticConfig& group,
                        const std::string& address) {
  Labels labels = {{"job", job.job_name},
                   {"__scheme__", job.scheme},
                   {"__profile_path__", job.profile_path},
                   {"__scrape_interval__", FormatDuration(job.scrape_interval)},
                   {"__scrape_timeout__", FormatDuration(job.scrape_timeout)}};
  if (!job.metrics_path.empty()) labels.emplace("__metrics_path__", job.metrics_path);
  if (!job.stop_scraping.empty()) labels.emplace("__stop_scraping__", job.stop_scraping);
  for (const auto& [name, values] : job.params)
    if (!values.empty()) labels.insert_or_assign(std::string(kParamPrefix) + name, values.front());
  for (const auto& [name, value] : group.labels) labels.insert_or_assign(name, value);
  labels.insert_or_assign("__address__", address);
  return labels;
}

Result<Target> MakeTarget(const ScrapeConfig& job, const Labels& discovered) {
  Target target;
  target.body_size_limit_bytes = job.body_size_limit_bytes;
  target.memory_limit_bytes = job.memory_limit_bytes;
  target.http = job.http;
  target.stop_reason = Get(discovered, "__stop_scraping__");
  if (auto ok = CheckAddress(Get(discovered, "__address__")); !ok) return Fail(ok.error());

  auto interval = ParseDuration(Get(discovered, "__scrape_interval__"));
  if (!interval) return Fail(InvalidLabel("__scrape_interval__", interval.error()));
  auto timeout = ParseDuration(Get(discovered, "__scrape_timeout__"));
  if (!timeout) return Fail(InvalidLabel("__scrape_timeout__", timeout.error()));
  if (*interval <= Duration(0) || *timeout <= Duration(0) || *timeout > *interval)
    return Fail(ErrorCode::kInvalidArgument,
                "__scrape_timeout__ (" + FormatDuration(*timeout) +
                    ") must be above zero and not longer than __scrape_interval__ (" +
                    FormatDuration(*interval) + ")");
  target.interval = *interval;
  target.timeout = *timeout;
  if (const auto it = discovered.find("__memory_limit__"); it != discovered.end()) {
    auto limit = ParseBytes(it->second);
    if (!limit) return Fail(InvalidLabel("__memory_limit__", limit.error()));
    target.memory_limit_bytes = *limit;
  }
  auto url = MakeProfileUrl(job, discovered);
  if (!url) return Fail(url.error());
  target.url = *std::move(url);
  if (!Get(discovered, "__metrics_path__").empty()) {
    const auto metrics_url = MakeUrl(discovered, "__metrics_path__");
    if (!metrics_url) return Fail(metrics_url.error());
    target.metrics_url = std::string(metrics_url->buffer());
  }

  for (const auto& [name, value] : discovered)
    if (!name.starts_with("__") && !value.empty()) target.labels.emplace(name, value);
  target.labels.try_emplace("instance", WithPort(std::string(Get(discovered, "__address__")),
                                                 Get(discovered, "__scheme__")));
  target.labels.try_emplace("job", job.job_name);
  target.labels.try_emplace("service", Get(target.labels, "job"));
  return target;
}

std::vector<FoundTarget> TargetsOf(const ScrapeConfig& job, const Relabeler& relabeler,
                                   const StaticConfig& group) {
  std::vector<FoundTarget> found;
  for (const std::string& address : group.targets) {
    FoundTarget& one = found.emplace_back(
        FoundTarget{DiscoveredLabels(job, group, address), std::optional<Target>()});
    const auto labels = relabeler.Apply(one.discovered);
    if (!labels) continue;
    if (auto target = MakeTarget(job, *labels); target)
      one.target = *std::move(target);
    else
      one.target = Fail(target.error().In("target \"" + address + "\""));
  }
  return found;
}

std::vector<Target> ExpandTargets(const Config& config) {
  std::vector<Target> targets;
  std::set<Labels> seen;
  for (const ScrapeConfig& job : config.scrape_configs) {
    const Relabeler relabeler(job.relabel_configs);
    for (const StaticConfig& group : job.static_configs)
      for (FoundTarget& found : TargetsOf(job, relabeler, group))
        if (found.target && *found.target && seen.insert((*found.target)->labels).second)
          targets.push_back(**std::move(found.target));
  }
  return targets;
}

}  // namespace heapwatch
