#include "watcher/access/web_settings.h"

#include <openssl/sha.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "watcher/net/file_stamp.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMostTokenBytes = 8192;
constexpr std::size_t kLeastTokenBytes = 8;

Result<std::string> ReadToken(const BearerToken& token) {
  const auto bad = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidArgument,
                "the token of \"" + token.name + "\": " + token.credentials_file + ": " + what);
  };
  std::ifstream file(token.credentials_file, std::ios::binary);
  if (!file) return bad(std::strerror(errno));
  std::string text(kMostTokenBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostTokenBytes) return bad("is larger than 8 KiB, which no token is");
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  if (text.size() < kLeastTokenBytes)
    return bad("is shorter than 8 characters; make one with `openssl rand -hex 32`");
  if (text.find_first_of(" \t\r\n") != std::string::npos) return bad("holds more than one word");
  return text;
}

// Of the files that a configuration names.
void AddStampsOfNamed(const WebConfig& config, std::string& stamp) {
  if (config.tls) {
    for (const std::string* file :
         {&config.tls->cert_file, &config.tls->key_file, &config.tls->client_ca_file})
      AddFileStamp(*file, stamp);
  }
  for (const BearerToken& token : config.bearer_tokens) AddFileStamp(token.credentials_file, stamp);
}

}  // namespace

TokenDigest DigestOfToken(std::string_view token) {
  TokenDigest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

Result<std::shared_ptr<const WebSettings>> LoadWebSettings(const std::string& path) {
  auto settings = std::make_shared<WebSettings>();
  if (path.empty()) return settings;
  AddFileStamp(path, settings->stamp);
  auto config = LoadWebConfig(path);
  if (!config) return Fail(config.error());
  settings->config = *std::move(config);
  AddStampsOfNamed(settings->config, settings->stamp);
  if (settings->config.tls) {
    auto tls = ServerTls::Load(*settings->config.tls);
    if (!tls) return Fail(tls.error().In(path));
    settings->tls = *std::move(tls);
  }
  for (const BearerToken& token : settings->config.bearer_tokens) {
    const auto text = ReadToken(token);
    if (!text) return Fail(text.error().In(path));
    if (!settings->tokens.emplace(DigestOfToken(*text), token.name).second)
      return Fail(ErrorCode::kInvalidArgument,
                  path + ": the token of \"" + token.name + "\" is somebody else's, too");
  }
  return settings;
}

std::string StampOfFiles(const std::string& path, const WebConfig& config) {
  std::string stamp;
  AddFileStamp(path, stamp);
  AddStampsOfNamed(config, stamp);
  return stamp;
}

}  // namespace heapwatch
