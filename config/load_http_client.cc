#include "config/load_http_client.h"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <string>
#include <string_view>

namespace heapwatch {
namespace {

using Field = YamlReader::Field;

// What belongs to the protocol, or has a field of its own.
constexpr std::array<std::string_view, 10> kReservedHeaders = {
    "accept-encoding", "authorization", "connection",          "content-length",
    "content-type",    "host",          "proxy-authorization", "transfer-encoding",
    "upgrade",         "user-agent"};

bool IsOneLine(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Field SecretField(YamlReader& reader, std::string name, Secret* out) {
  return {name, [&reader, name, out](const YAML::Node& node) {
            if (!node.IsScalar() || !IsOneLine(node.Scalar()))
              return reader.Problem(node.Mark(), name + ": expected a text of one line");
            *out = Secret(node.Scalar());
          }};
}

// A section of which no problem may quote what stands there in place of its fields.
Field SecretSection(YamlReader& reader, std::string name, std::string hint,
                    std::function<void(const YAML::Node&)> read) {
  return reader.Section(
      name, [&reader, name, hint = std::move(hint), read = std::move(read)](const YAML::Node& n) {
        if (!n.IsMap()) return reader.Problem(n.Mark(), name + ": expected " + hint);
        read(n);
      });
}

// One of `plain` and `file`, and not both.
void CheckOneOf(YamlReader& reader, const YAML::Node& node, const std::string& where,
                const std::string& plain) {
  const std::string file = plain + "_file";
  if (node[plain] && node[file])
    reader.Problem(node[file].Mark(), where + ": give " + plain + " or " + file + ", not both");
}

void ReadBasicAuth(YamlReader& reader, const YAML::Node& node, HttpClientConfig& out) {
  BasicAuthConfig& basic = out.basic_auth.emplace();
  reader.Map(
      node, "basic_auth",
      {reader.Text("username", &basic.username), SecretField(reader, "password", &basic.password),
       reader.Path("password_file", &basic.password_file)});
  if (basic.username.empty())
    reader.Problem(node.Mark(), "basic_auth: needs a username");
  else if (basic.username.find(':') != std::string::npos || !IsOneLine(basic.username))
    reader.Problem(node["username"].Mark(), "username: must be one line without a :");
  CheckOneOf(reader, node, "basic_auth", "password");
}

void ReadAuthorization(YamlReader& reader, const YAML::Node& node, HttpClientConfig& out) {
  AuthorizationConfig& authorization = out.authorization.emplace();
  reader.Map(node, "authorization",
             {reader.Text("type", &authorization.type),
              SecretField(reader, "credentials", &authorization.credentials),
              reader.Path("credentials_file", &authorization.credentials_file)});
  std::string type = authorization.type;
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (type == "basic")
    reader.Problem(node["type"].Mark(), "type: Basic has a section of its own, basic_auth");
  else if (type.empty() || !IsOneLine(type) || type.find(' ') != std::string::npos)
    reader.Problem(node.Mark(), "type: expected one word, such as Bearer");
  if (authorization.credentials.empty() && authorization.credentials_file.empty())
    reader.Problem(node.Mark(), "authorization: needs credentials or a credentials_file");
  CheckOneOf(reader, node, "authorization", "credentials");
  if (out.basic_auth)
    reader.Problem(node.Mark(), "authorization: give this or basic_auth, not both");
}

void ReadTls(YamlReader& reader, const YAML::Node& node, TlsClientConfig& out) {
  const auto read_key = [&](const YAML::Node& key) {
    if (!key.IsScalar()) return reader.Problem(key.Mark(), "key: expected a private key in PEM");
    out.key = Secret(key.Scalar());
  };
  reader.Map(node, "tls_config",
             {reader.Path("ca_file", &out.ca_file),
              reader.Path("cert_file", &out.cert_file),
              reader.Path("key_file", &out.key_file),
              reader.Text("ca", &out.ca),
              reader.Text("cert", &out.cert),
              {"key", read_key},
              reader.Text("server_name", &out.server_name),
              reader.Flag("insecure_skip_verify", &out.insecure_skip_verify),
              reader.OneOf("min_version", &out.min_version, {"TLS12", "TLS13"})});
  for (const char* plain : {"ca", "cert", "key"}) CheckOneOf(reader, node, "tls_config", plain);
  const bool has_cert = !out.cert_file.empty() || !out.cert.empty();
  const bool has_key = !out.key_file.empty() || !out.key.empty();
  if (has_cert != has_key)
    reader.Problem(node.Mark(), "tls_config: cert_file and key_file go together");
}

void ReadHeader(YamlReader& reader, const std::string& name, const YAML::Node& node,
                HttpHeaderConfig& out) {
  // `secrets` and `values` differ in Prometheus by what its page shows; ours shows neither.
  const auto values = [&](std::string field) {
    return reader.Section(field, [&reader, field, &out](const YAML::Node& list) {
      if (!list.IsSequence()) return reader.Problem(list.Mark(), field + ": expected a list");
      for (const auto& item : list)
        SecretField(reader, field, &out.values.emplace_back()).read(item);
    });
  };
  reader.Map(node, "http_headers." + name,
             {values("values"), values("secrets"), reader.PathList("files", &out.files)});
}

void ReadHeaders(YamlReader& reader, const YAML::Node& node, HttpClientConfig& out) {
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    std::string lower = name;
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool is_name =
        !name.empty() &&
        lower.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
    if (!is_name)
      reader.Problem(entry.first.Mark(),
                     "http_headers: a name is of letters, digits, - and _, such as X-Scope-OrgID");
    else if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), lower) !=
             kReservedHeaders.end())
      reader.Problem(entry.first.Mark(), "http_headers: \"" + name + "\" cannot be set here");
    else if (!entry.second.IsMap())
      reader.Problem(entry.second.Mark(),
                     "http_headers." + name + ": expected values, secrets or files, each a list");
    else
      ReadHeader(reader, name, entry.second,
                 out.http_headers.emplace_back(HttpHeaderConfig{name, {}, {}}));
  }
}

void ReadProxy(YamlReader& reader, const YAML::Node& node, Secret& out) {
  const auto url =
      node.IsScalar() ? boost::urls::parse_uri(node.Scalar()) : boost::urls::parse_uri("");
  if (url.has_error() || url->scheme() != "http" || url->host_address().empty() ||
      (!url->encoded_path().empty() && url->encoded_path() != "/"))
    return reader.Problem(node.Mark(),
                          "proxy_url: expected an address such as http://proxy.example.com:3128");
  out = Secret(node.Scalar());
}

}  // namespace

bool IsHttpUrl(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  return url.has_value() && (url->scheme() == "http" || url->scheme() == "https") &&
         !url->host_address().empty() && (!url->has_port() || url->port_number() != 0) &&
         !url->has_userinfo();
}

std::vector<Field> HttpClientFields(YamlReader& reader, HttpClientConfig& out) {
  return {SecretSection(reader, "basic_auth", "a username with a password or a password_file",
                        [&](const YAML::Node& n) { ReadBasicAuth(reader, n, out); }),
          SecretSection(reader, "authorization", "credentials or a credentials_file",
                        [&](const YAML::Node& n) { ReadAuthorization(reader, n, out); }),
          SecretSection(reader, "tls_config", "a mapping of fields",
                        [&](const YAML::Node& n) { ReadTls(reader, n, out.tls); }),
          SecretSection(reader, "http_headers", "names with values, secrets or files",
                        [&](const YAML::Node& n) { ReadHeaders(reader, n, out); }),
          {"proxy_url", [&](const YAML::Node& n) { ReadProxy(reader, n, out.proxy_url); }},
          reader.Flag("follow_redirects", &out.follow_redirects)};
}

}  // namespace heapwatch
