#include "watcher/net/client_credentials.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <string_view>

#include "analysis/base/base64.h"
#include "config/read_file.h"

namespace heapwatch {
namespace {

Result<std::string> ReadSecretFile(const std::string& path, std::string_view field) {
  auto secret = ReadLineOfFile(path);
  if (!secret) return Fail(secret.error().In(field));
  return secret;
}

Result<std::string> PlainOrFile(const Secret& plain, const std::string& file,
                                const std::string& field) {
  if (file.empty()) return plain.Reveal();
  return ReadSecretFile(file, field);
}

std::string Basic(const std::string& user, const std::string& password) {
  return "Basic " + EncodeBase64(user + ':' + password);
}

}  // namespace

Result<HeaderList> CredentialHeaders(const HttpClientConfig& config) {
  HeaderList headers;
  if (const auto& basic = config.basic_auth) {
    const auto password =
        PlainOrFile(basic->password, basic->password_file, "basic_auth.password_file");
    if (!password) return Fail(password.error());
    headers.emplace_back("Authorization", Basic(basic->username, *password));
  } else if (const auto& given = config.authorization) {
    const auto credentials =
        PlainOrFile(given->credentials, given->credentials_file, "authorization.credentials_file");
    if (!credentials) return Fail(credentials.error());
    headers.emplace_back("Authorization", given->type + ' ' + *credentials);
  }
  for (const HttpHeaderConfig& header : config.http_headers) {
    for (const Secret& value : header.values) headers.emplace_back(header.name, value.Reveal());
    for (const std::string& file : header.files) {
      auto value = ReadSecretFile(file, "http_headers." + header.name + ".files");
      if (!value) return Fail(value.error());
      headers.emplace_back(header.name, *std::move(value));
    }
  }
  return headers;
}

Result<Proxy> ParseProxy(const Secret& proxy_url) {
  const auto bad = [] {
    return Fail(ErrorCode::kInvalidArgument,
                "proxy_url: expected an address such as http://proxy.example.com:3128");
  };
  const auto parsed = boost::urls::parse_uri(proxy_url.Reveal());
  if (parsed.has_error() || parsed->scheme() != "http") return bad();
  auto url = ParseHttpUrl("http://" + std::string(parsed->encoded_host_and_port()));
  if (!url) return bad();
  Proxy proxy{*std::move(url), ""};
  if (parsed->has_userinfo()) proxy.authorization = Basic(parsed->user(), parsed->password());
  return proxy;
}

}  // namespace heapwatch
