// How a peer is called: who we are, whom we trust, and the way there. The same fields for targets,
// Alertmanagers and webhooks, named as in Prometheus' http_client_config. Plain data.
//
// Files are named here and read when a call is made (watcher/net), so that a password or a
// certificate may change without a reload. Their paths are relative to the configuration's folder.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"

namespace heapwatch {

struct BasicAuthConfig {
  std::string username;
  Secret password;
  std::string password_file;  // in place of `password`; white space around it does not count
  bool operator==(const BasicAuthConfig&) const = default;
};

// The header Authorization: "<type> <credentials>".
struct AuthorizationConfig {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;  // in place of `credentials`; white space around it does not count
  bool operator==(const AuthorizationConfig&) const = default;
};

struct TlsClientConfig {
  std::string ca_file;  // PEM: the only authorities that vouch; "": those of the system
  std::string cert_file;
  std::string key_file;
  // PEM itself in place of a file of it.
  std::string ca;
  std::string cert;
  Secret key;
  std::string server_name;  // that the certificate must be for; "": the host of the address
  bool insecure_skip_verify = false;
  std::string min_version = "TLS12";  // or TLS13
  auto operator<=>(const TlsClientConfig&) const = default;
};

struct HttpHeaderConfig {
  std::string name;
  std::vector<Secret> values;
  std::vector<std::string> files;  // each holds one more value
  bool operator==(const HttpHeaderConfig&) const = default;
};

struct HttpClientConfig {
  std::optional<BasicAuthConfig> basic_auth;  // or `authorization`
  std::optional<AuthorizationConfig> authorization;
  TlsClientConfig tls;
  std::vector<HttpHeaderConfig> http_headers;
  Secret proxy_url;  // "http://[user:password@]host:port"; empty: straight there
  bool follow_redirects = true;
  bool operator==(const HttpClientConfig&) const = default;
};

}  // namespace heapwatch
