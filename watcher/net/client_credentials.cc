#include "watcher/net/client_credentials.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "analysis/base/base64.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMostSecretBytes = 64U << 10;

Result<std::string> ReadSecretFile(const std::string& path, const std::string& field) {
  const auto bad = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidArgument, field + ": " + path + ": " + what);
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad(std::strerror(errno));
  std::string text(kMostSecretBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return bad("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostSecretBytes) return bad("is larger than 64 KiB, which no secret is");
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.empty()) return bad("is empty");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return bad("holds more than one line");
  return text;
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
