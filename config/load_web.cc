#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/read_file.h"
#include "config/web_config.h"
#include "config/yaml_reader.h"

namespace heapwatch {
namespace {

// A check at bcrypt's cost 14 takes about a second; each step more doubles it.
constexpr int kLeastCost = 4;
constexpr int kMostCost = 14;

struct NamedClientAuth {
  const char* name;
  ClientAuth value;
};
constexpr std::array<NamedClientAuth, 6> kClientAuths = {{
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"RequireClientCert", ClientAuth::kRequireAny},  // its older name
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
}};

bool IsBcryptText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/';
  });
}

// "" for a hash that can be used, else what is wrong. Never repeats the hash.
std::string FaultOfHash(std::string_view hash) {
  const bool has_form = hash.size() == 60 && hash[0] == '$' && hash[1] == '2' &&
                        (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y') && hash[3] == '$' &&
                        hash[6] == '$' && IsBcryptText(hash.substr(7)) && hash[4] >= '0' &&
                        hash[4] <= '9' && hash[5] >= '0' && hash[5] <= '9';
  if (!has_form)
    return "not a bcrypt hash such as $2y$10$...; make one with `htpasswd -nBC 10 \"\"`";
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < kLeastCost || cost > kMostCost)
    return "bcrypt's cost must be from 4 to 14, so that a check stays below a second; it is " +
           std::to_string(cost);
  return "";
}

YamlReader::Field ReadClientAuth(YamlReader& reader, ClientAuth* out) {
  std::vector<std::string> names;
  for (const NamedClientAuth& known : kClientAuths) names.emplace_back(known.name);
  const auto text = std::make_shared<std::string>();
  auto field = reader.OneOf("client_auth_type", text.get(), std::move(names));
  field.read = [read = std::move(field.read), text, out](const YAML::Node& node) {
    read(node);
    for (const NamedClientAuth& known : kClientAuths)
      if (known.name == *text) *out = known.value;
  };
  return field;
}

void ReadTls(YamlReader& reader, const YAML::Node& node, TlsServerConfig& out) {
  const std::vector<std::string> versions = {"TLS10", "TLS11", "TLS12", "TLS13"};
  reader.Map(
      node, "tls_server_config",
      {reader.Path("cert_file", &out.cert_file), reader.Path("key_file", &out.key_file),
       ReadClientAuth(reader, &out.client_auth), reader.Path("client_ca_file", &out.client_ca_file),
       reader.OneOf("min_version", &out.min_version, versions),
       reader.OneOf("max_version", &out.max_version, versions),
       reader.TextList("cipher_suites", &out.cipher_suites),
       reader.TextList("curve_preferences", &out.curve_preferences),
       reader.Flag("prefer_server_cipher_suites", &out.prefer_server_cipher_suites)});
  if (!node.IsMap()) return;
  if (out.cert_file.empty()) reader.Problem(node.Mark(), "tls_server_config: needs a cert_file");
  if (out.key_file.empty()) reader.Problem(node.Mark(), "tls_server_config: needs a key_file");
  if (!out.client_ca_file.empty() && out.client_auth == ClientAuth::kNone)
    reader.Problem(node["client_ca_file"].Mark(),
                   "client_ca_file: has no effect without a client_auth_type, such as "
                   "RequireAndVerifyClientCert");
  if (out.min_version > out.max_version)
    reader.Problem(node.Mark(), "tls_server_config: min_version is above max_version");
}

// As Prometheus allows: headers that tell the browser to be careful, nothing else.
void ReadHeaders(YamlReader& reader, const YAML::Node& node, Labels& out) {
  constexpr std::array<const char*, 5> kNames = {"Content-Security-Policy", "X-Frame-Options",
                                                 "X-Content-Type-Options", "X-XSS-Protection",
                                                 "Strict-Transport-Security"};
  std::vector<YamlReader::Field> fields;
  std::array<std::string, kNames.size()> values;
  for (std::size_t i = 0; i < kNames.size(); ++i)
    fields.push_back(reader.Text(kNames[i], &values[i]));
  reader.Map(node, "headers", fields);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (values[i].find_first_of("\r\n") != std::string::npos)
      reader.Problem(node[kNames[i]].Mark(), std::string(kNames[i]) + ": must be one line");
    else if (!values[i].empty())
      out[kNames[i]] = values[i];
  }
}

void ReadUsers(YamlReader& reader, const YAML::Node& node, WebConfig& out) {
  if (!node.IsMap())
    return reader.Problem(node.Mark(), "basic_auth_users: expected names with bcrypt hashes");
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::string hash = entry.second.IsScalar() ? entry.second.Scalar() : "";
    const std::string fault = FaultOfHash(hash);
    if (name.empty() || name.find(':') != std::string::npos)
      reader.Problem(entry.first.Mark(), "basic_auth_users: a name must not be empty nor hold a :");
    else if (!fault.empty())
      reader.Problem(entry.first.Mark(), "basic_auth_users." + name + ": " + fault);
    else if (!out.basic_auth_users.emplace(name, hash).second)
      reader.Problem(entry.first.Mark(), "basic_auth_users: \"" + name + "\" stands twice");
  }
}

void ReadToken(YamlReader& reader, const YAML::Node& node, const std::string& where,
               WebConfig& out) {
  BearerToken token;
  reader.Map(
      node, where,
      {reader.Text("name", &token.name), reader.Path("credentials_file", &token.credentials_file)});
  if (!node.IsMap()) return;
  const auto same = [&](const BearerToken& other) { return other.name == token.name; };
  if (token.name.empty()) {
    reader.Problem(node.Mark(), where + ": needs a name");
  } else if (out.basic_auth_users.contains(token.name) ||
             std::any_of(out.bearer_tokens.begin(), out.bearer_tokens.end(), same)) {
    reader.Problem(node.Mark(), where + ": \"" + token.name + "\" is taken by another");
  }
  if (token.credentials_file.empty())
    reader.Problem(node.Mark(), where + ": needs a credentials_file");
  out.bearer_tokens.push_back(std::move(token));
}

void ReadRoles(YamlReader& reader, const YAML::Node& node, WebConfig& out) {
  if (!node.IsMap())
    return reader.Problem(node.Mark(), "roles: expected names of users or tokens with their role");
  std::vector<YamlReader::Field> fields;
  std::map<std::string, std::string> texts;
  const std::vector<std::string> choices = {"read-only", "push", "admin"};
  for (const auto& [name, hash] : out.basic_auth_users)
    fields.push_back(reader.OneOf(name, &texts[name], choices));
  for (const BearerToken& token : out.bearer_tokens)
    fields.push_back(reader.OneOf(token.name, &texts[token.name], choices));
  if (fields.empty())
    return reader.Problem(node.Mark(), "roles: there is no user and no token to give one to");
  reader.Map(node, "roles", fields);
  for (const auto& [name, text] : texts) {
    if (text == "push") out.roles[name] = Role::kPush;
    if (text == "admin") out.roles[name] = Role::kAdmin;
  }
}

void ReadRoot(YamlReader& reader, const YAML::Node& root, WebConfig& out) {
  bool http2 = true;  // Prometheus' switch; we speak HTTP/1.1 either way
  reader.Map(
      root, "the web configuration",
      {reader.Section("tls_server_config",
                      [&](const YAML::Node& n) { ReadTls(reader, n, out.tls.emplace()); }),
       reader.Section("http_server_config",
                      [&](const YAML::Node& n) {
                        reader.Map(n, "http_server_config",
                                   {reader.Flag("http2", &http2),
                                    reader.Section("headers", [&](const YAML::Node& headers) {
                                      ReadHeaders(reader, headers, out.headers);
                                    })});
                      }),
       reader.Section("basic_auth_users", [&](const YAML::Node& n) { ReadUsers(reader, n, out); }),
       reader.List("bearer_tokens",
                   [&](const YAML::Node& n, const std::string& where) {
                     ReadToken(reader, n, where, out);
                   }),
       reader.Section("roles", [&](const YAML::Node& n) { ReadRoles(reader, n, out); })});
}

}  // namespace

std::string_view ToString(Role role) {
  switch (role) {
    case Role::kReadOnly:
      return "read-only";
    case Role::kPush:
      return "push";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& file) {
  WebConfig config;
  const auto read = ReadYaml(text, file, [&](YamlReader& reader, const YAML::Node& root) {
    ReadRoot(reader, root, config);
  });
  if (!read) return Fail(read.error());
  return config;
}

Result<WebConfig> LoadWebConfig(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return Fail(text.error());
  return ParseWebConfig(*text, path);
}

}  // namespace heapwatch
