// Who may look and how: the file of --web.config.file, in the format of Prometheus' web
// configuration with tokens and roles of our own. Documented in examples/web.yml. Plain data.
//
// Loaded strictly, as heapwatch.yml is (load.h): every mistake is told with its line and column,
// and a WebConfig that is returned is usable but for the files it names, which are read elsewhere
// (watcher/net/server_tls.h, watcher/access). Paths are relative to the file's own folder.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"

namespace heapwatch {

// What somebody may do: look at everything, push profiles and nothing else, or all there is.
enum class Role { kReadOnly, kPush, kAdmin };
std::string_view ToString(Role role);

enum class ClientAuth {
  kNone,
  kRequest,           // asked for, not checked
  kRequireAny,        // needed, not checked
  kVerifyIfGiven,     // checked where one is shown
  kRequireAndVerify,  // needed and checked
};

struct TlsServerConfig {
  std::string cert_file;  // PEM: the certificate and those between it and the authority
  std::string key_file;
  ClientAuth client_auth = ClientAuth::kNone;
  std::string client_ca_file;         // "": the system's authorities
  std::string min_version = "TLS12";  // TLS10 to TLS13
  std::string max_version = "TLS13";
  std::vector<std::string> cipher_suites;  // IANA's names; empty: OpenSSL's choice; not for TLS13
  std::vector<std::string> curve_preferences;  // as Go names them; empty: OpenSSL's choice
  bool prefer_server_cipher_suites = true;
  bool operator==(const TlsServerConfig&) const = default;
};

struct BearerToken {
  std::string name;              // whose it is, for roles and logs
  std::string credentials_file;  // the token; line ends around it do not count
  bool operator==(const BearerToken&) const = default;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls;                   // absent: plain HTTP
  Labels headers;                                       // added to every answer
  std::map<std::string, std::string> basic_auth_users;  // name -> bcrypt hash
  std::vector<BearerToken> bearer_tokens;
  std::map<std::string, Role> roles;  // of users and tokens; who is not named may only read
  bool operator==(const WebConfig&) const = default;

  bool needs_login() const { return !basic_auth_users.empty() || !bearer_tokens.empty(); }
};

// `file` names the text in messages, and its folder is what paths are relative to.
Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& file);
Result<WebConfig> LoadWebConfig(const std::string& path);

}  // namespace heapwatch
