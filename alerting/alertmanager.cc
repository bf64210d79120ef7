#include "alerting/alertmanager.h"

#include <boost/json.hpp>

#include "analysis/base/json.h"
#include "analysis/base/time.h"

namespace heapwatch {
namespace {

boost::json::object ToJson(const Labels& labels) {
  boost::json::object out;
  for (const auto& [name, value] : labels)
    if (!value.empty()) out[name] = value;
  return out;
}

}  // namespace

std::string AlertmanagerPayload(std::span<const Alert> alerts) {
  boost::json::array out;
  for (const Alert& alert : alerts)
    out.push_back(boost::json::object{{"labels", ToJson(alert.labels)},
                                      {"annotations", ToJson(alert.annotations)},
                                      {"startsAt", FormatRfc3339(alert.starts_at)},
                                      {"endsAt", FormatRfc3339(alert.ends_at)},
                                      {"generatorURL", alert.generator_url}});
  return ToJson(out);
}

std::string AlertmanagerPath(std::string_view path_prefix) {
  while (path_prefix.ends_with('/')) path_prefix.remove_suffix(1);
  return std::string(path_prefix) + "/api/v2/alerts";
}

}  // namespace heapwatch
