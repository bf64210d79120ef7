#include "alerting/links.h"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "analysis/base/time.h"

namespace heapwatch {
namespace {

std::string ValueOf(std::string_view name, const Labels& labels, const Evidence& evidence) {
  if (name == "from") return FormatRfc3339(evidence.from);
  if (name == "to") return FormatRfc3339(evidence.to);
  if (name == "from_ms") return std::to_string(ToUnixMillis(evidence.from));
  if (name == "to_ms") return std::to_string(ToUnixMillis(evidence.to));
  const std::string_view own = Get(labels, name);
  return std::string(own.empty() ? Get(evidence.target, name) : own);
}

std::string Encode(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

}  // namespace

std::string FillTemplate(std::string_view url, const Labels& labels, const Evidence& evidence) {
  std::string out;
  while (true) {
    const auto open = url.find("{{");
    const auto close = open == std::string_view::npos ? open : url.find("}}", open);
    if (close == std::string_view::npos) return out + std::string(url);
    std::string_view name = url.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    out += std::string(url.substr(0, open)) + Encode(ValueOf(name, labels, evidence));
    url.remove_prefix(close + 2);
  }
}

AlertLinks LinksOf(const Finding& finding, const Evidence& evidence, const std::string& target_id,
                   const std::string& external_url) {
  // Ids and times need no escaping in a query.
  const std::string moments = "/diff?target=" + target_id + "&t0=" + FormatRfc3339(evidence.from) +
                              "&t1=" + FormatRfc3339(evidence.to) +
                              "&sample_type=" + evidence.sample_type;
  AlertLinks links;
  links.diff_page = external_url + moments;
  // The page then speaks of it first, whatever else grew more.
  if (finding.members.empty()) links.diff_page += "&site=" + finding.site.id_text();
  links.profile = external_url + "/api/v1" + moments + "&format=pprof";
  links.svg = external_url + "/api/v1" + moments + "&format=svg";
  // Of many sites, the worst.
  const Site& site = finding.members.empty() ? finding.site : finding.members.front().site;
  const std::string whose =
      finding.replica_count > 1 ? "service=" + Encode(finding.service) : "target=" + target_id;
  links.site_page = external_url + "/site?" + whose + "&site=" + site.id_text();
  return links;
}

std::string AckPage(const Finding& finding, const std::string& external_url) {
  return external_url + "/alerts?service=" + Encode(finding.service) +
         "&site=" + finding.site.id_text();
}

}  // namespace heapwatch
