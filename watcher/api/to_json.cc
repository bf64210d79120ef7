#include "watcher/api/to_json.h"

#include <string>

namespace heapwatch {

namespace json = boost::json;

json::object ToJson(const Labels& labels) {
  json::object out;
  for (const auto& [name, value] : labels) out[name] = value;
  return out;
}

VerdictLinks LinksOf(const Labels& target, const Site& site, const Verdict& verdict,
                     const std::string& external_url) {
  // Ids and times need no escaping in a query.
  const std::string id = TargetId::Of(target).ToString();
  const std::string from = FormatRfc3339(verdict.from);
  const std::string to = FormatRfc3339(verdict.to);
  const std::string api = external_url + "/api/v1";
  const std::string diff = api + "/diff?target=" + id + "&t0=" + from + "&t1=" + to + "&format=";
  return {api + "/series?target=" + id + "&site=" + site.id_text() + "&from=" + from + "&to=" + to,
          diff + "text", diff + "svg", diff + "pprof"};
}

}  // namespace heapwatch
