#include "config/load_discovery.h"

#include <re2/re2.h>

#include <algorithm>
#include <boost/json/parser.hpp>
#include <charconv>
#include <filesystem>
#include <functional>
#include <optional>

#include "config/load_http_client.h"
#include "config/read_file.h"

namespace heapwatch {
namespace {

using Field = YamlReader::Field;
using Fields = std::vector<Field>;
using Groups = std::vector<StaticConfig>;

void ReadFileSd(YamlReader& reader, const YAML::Node& node, const std::string& where,
                std::vector<DiscoveryConfig>& out) {
  static const RE2 is_pattern(R"([^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML))");
  FileSdConfig config;
  reader.Map(node, where,
             {reader.PathList("files", &config.files),
              reader.Time("refresh_interval", &config.refresh_interval)});
  if (!node.IsMap()) return;
  if (config.files.empty()) return reader.Problem(node.Mark(), where + ": needs files");
  for (const std::string& file : config.files)
    if (!RE2::FullMatch(file, is_pattern))
      reader.Problem(
          node["files"].Mark(),
          "files: \"" + file + "\" must end in .json, .yml or .yaml, with * in its last part only");
  out.emplace_back(std::move(config));
}

template <class Enum>
Field EnumField(YamlReader& reader, std::string name, Enum* out,
                const std::vector<std::string>& names) {
  return {name, [&reader, name, out, &names](const YAML::Node& node) {
            std::string text = names[static_cast<std::size_t>(*out)];
            reader.OneOf(name, &text, names).read(node);
            *out = static_cast<Enum>(std::find(names.begin(), names.end(), text) - names.begin());
          }};
}

void ReadHttpSd(YamlReader& reader, const YAML::Node& node, const std::string& where,
                std::vector<DiscoveryConfig>& out) {
  HttpSdConfig config;
  Fields fields = HttpClientFields(reader, config.http);
  fields.push_back(reader.Text("url", &config.url));
  fields.push_back(reader.Time("refresh_interval", &config.refresh_interval));
  reader.Map(node, where, fields);
  if (node.IsMap() && !IsHttpUrl(config.url))
    // Not quoted: there may be a password in it.
    reader.Problem(node["url"] ? node["url"].Mark() : node.Mark(),
                   where +
                       ": needs a url such as http://inventory.example.com/targets; a name and "
                       "password stand in basic_auth");
  out.emplace_back(std::move(config));
}

void ReadDnsSd(YamlReader& reader, const YAML::Node& node, const std::string& where,
               std::vector<DiscoveryConfig>& out) {
  DnsSdConfig config;
  std::size_t port = 0;
  reader.Map(
      node, where,
      {reader.TextList("names", &config.names),
       EnumField(reader, "type", &config.type, DnsTypeNames()), reader.Count("port", &port, 1),
       reader.Time("refresh_interval", &config.refresh_interval)});
  if (!node.IsMap()) return;
  if (config.names.empty()) reader.Problem(node.Mark(), where + ": needs names");
  if (port > 65535)
    reader.Problem(node["port"].Mark(), "port: must be a number from 1 to 65535");
  else if (port == 0 && config.type != DnsSdConfig::Type::kSrv)
    reader.Problem(node.Mark(), where + ": needs a port, for only SRV records bring one");
  config.port = static_cast<std::uint16_t>(port);
  out.emplace_back(std::move(config));
}

void ReadSelector(YamlReader& reader, const YAML::Node& node, const std::string& where,
                  KubernetesSdConfig& config) {
  KubernetesSdConfig::Selector selector;
  std::vector<std::string> roles = {"pod"};
  if (config.role == KubernetesSdConfig::Role::kEndpoints) roles = {"pod", "service", "endpoints"};
  reader.Map(node, where,
             {reader.OneOf("role", &selector.role, roles), reader.Text("label", &selector.label),
              reader.Text("field", &selector.field)});
  const auto& known = config.selectors;
  if (node.IsMap() && !node["role"])
    reader.Problem(node.Mark(), where + ": needs a role");
  else if (!selector.role.empty() &&
           std::any_of(known.begin(), known.end(),
                       [&](const auto& other) { return other.role == selector.role; }))
    reader.Problem(node.Mark(), where + ": there is one for role " + selector.role + " already");
  config.selectors.push_back(std::move(selector));
}

// The API server, who we are there, and whether the fields that say so fit together.
void CheckKubernetesAccess(YamlReader& reader, const YAML::Node& node, const std::string& where,
                           const KubernetesSdConfig& config) {
  const bool has_server = !config.api_server.empty();
  const bool has_file = !config.kubeconfig_file.empty();
  if (has_server && !IsHttpUrl(config.api_server))
    reader.Problem(node["api_server"].Mark(),
                   "api_server: expected an address such as https://10.0.0.1:6443");
  if (has_server && has_file)
    reader.Problem(node["kubeconfig_file"].Mark(),
                   where + ": give api_server or kubeconfig_file, not both");
  if (!has_server && config.http != HttpClientConfig())
    reader.Problem(node.Mark(), where +
                                    ": how the API server is called stands beside api_server only; "
                                    "a kubeconfig or the cluster we are in tells it otherwise");
  if (config.own_namespace && (has_server || has_file))
    reader.Problem(node["namespaces"].Mark(),
                   "own_namespace: is known only in a cluster, without api_server and "
                   "kubeconfig_file");
}

void ReadKubernetesSd(YamlReader& reader, const YAML::Node& node, const std::string& where,
                      std::vector<DiscoveryConfig>& out) {
  KubernetesSdConfig config;
  Fields fields = {
      EnumField(reader, "role", &config.role, KubernetesRoleNames()),
      reader.Text("api_server", &config.api_server),
      reader.Path("kubeconfig_file", &config.kubeconfig_file),
      reader.Section("namespaces",
                     [&](const YAML::Node& names) {
                       reader.Map(names, where + ".namespaces",
                                  {reader.Flag("own_namespace", &config.own_namespace),
                                   reader.TextList("names", &config.namespaces)});
                     }),
      reader.List("selectors", [&](const YAML::Node& selector, const std::string& path) {
        ReadSelector(reader, selector, where + "." + path, config);
      })};
  for (Field& field : HttpClientFields(reader, config.http)) fields.push_back(std::move(field));
  reader.Map(node, where, fields);
  if (!node.IsMap()) return;
  if (!node["role"]) reader.Problem(node.Mark(), where + ": needs a role, pod or endpoints");
  CheckKubernetesAccess(reader, node, where, config);
  out.emplace_back(std::move(config));
}

// The number that the four hexadecimal digits of "\uXXXX" at `at` stand for.
std::optional<unsigned> EscapedUnit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text.substr(at, 2) != "\\u") return std::nullopt;
  unsigned unit = 0;
  const char* last = text.data() + at + 6;
  const auto [end, code] = std::from_chars(text.data() + at + 2, last, unit, 16);
  if (code != std::errc() || end != last) return std::nullopt;
  return unit;
}

// YAML holds all of JSON but its pairs of surrogates: those become \UXXXXXXXX.
std::string WithoutSurrogates(std::string_view json) {
  std::string yaml;
  for (std::size_t i = 0; i < json.size();) {
    const auto high = EscapedUnit(json, i);
    const auto low = high ? EscapedUnit(json, i + 6) : std::nullopt;
    if (high && low && (*high & 0xfc00U) == 0xd800U && (*low & 0xfc00U) == 0xdc00U) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const unsigned point = 0x10000U + ((*high & 0x3ffU) << 10U) + (*low & 0x3ffU);
      yaml += "\\U00";
      for (unsigned shift = 24; shift > 0;) yaml += kDigits[(point >> (shift -= 4)) & 0xfU];
      i += 12;
    } else {
      // An escaped backslash is no beginning of another escape.
      const std::size_t step = json[i] == '\\' && i + 1 < json.size() ? 2 : 1;
      yaml += json.substr(i, step);
      i += step;
    }
  }
  return yaml;
}

Result<void> CheckJson(std::string_view text, std::string_view name) {
  boost::json::parser parser;
  boost::json::error_code code;
  const std::size_t read = std::min(parser.write_some(text, code), text.size());
  const std::string_view before = text.substr(0, read);
  const bool is_whole = !code && text.find_first_not_of(" \t\r\n", read) == std::string_view::npos;
  if (is_whole) return {};
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return Fail(ErrorCode::kInvalidArgument,
              std::string(name) + ":" +
                  std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ":" +
                  std::to_string(read - line_begin + 1) +
                  ": not valid JSON: " + (code ? code.message() : "more follows the list"));
}

}  // namespace

std::vector<Field> DiscoveryFields(YamlReader& reader, const std::string& where,
                                   std::vector<DiscoveryConfig>& out) {
  using Read =
      void (*)(YamlReader&, const YAML::Node&, const std::string&, std::vector<DiscoveryConfig>&);
  const auto list = [&](std::string name, Read read) {
    return reader.List(std::move(name), [&reader, &out, where, read](const YAML::Node& node,
                                                                     const std::string& path) {
      read(reader, node, where + "." + path, out);
    });
  };
  return {list("file_sd_configs", ReadFileSd), list("http_sd_configs", ReadHttpSd),
          list("dns_sd_configs", ReadDnsSd), list("kubernetes_sd_configs", ReadKubernetesSd)};
}

void ReadTargetGroup(YamlReader& reader, const YAML::Node& node, const std::string& where,
                     const std::function<Result<void>(const std::string&)>& check,
                     StaticConfig& out) {
  reader.Map(node, where,
             {reader.TextList("targets", &out.targets, check),
              reader.LabelSet("labels", &out.labels, /*allow_meta=*/true)});
}

Result<Groups> ParseYamlGroups(std::string_view text, std::string_view name) {
  Groups groups;
  const auto read = ReadYaml(text, name, [&](YamlReader& reader, const YAML::Node& root) {
    reader
        .List("groups",
              [&](const YAML::Node& node, const std::string& where) {
                ReadTargetGroup(reader, node, where, {}, groups.emplace_back());
              })
        .read(root);
  });
  if (!read) return Fail(read.error());
  return groups;
}

Result<Groups> ParseJsonGroups(std::string_view text, std::string_view name) {
  if (const auto ok = CheckJson(text, name); !ok) return Fail(ok.error());
  return ParseYamlGroups(WithoutSurrogates(text), name);
}

Result<Groups> LoadTargetGroups(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return Fail(text.error());
  std::string ending = std::filesystem::path(path).extension();
  const bool is_json = ending == ".json" || ending == ".JSON";
  return is_json ? ParseJsonGroups(*text, path) : ParseYamlGroups(*text, path);
}

}  // namespace heapwatch
