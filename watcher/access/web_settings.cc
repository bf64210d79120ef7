#include "watcher/access/web_settings.h"

#include <openssl/sha.h>

#include <string_view>
#include <vector>

#include "config/read_file.h"
#include "watcher/net/file_stamp.h"

namespace heapwatch {
namespace {

constexpr std::size_t kLeastTokenBytes = 8;

Result<std::string> ReadToken(const BearerToken& token) {
  const std::string where = "the token of \"" + token.name + '"';
  auto text = ReadLineOfFile(token.credentials_file);
  if (!text) return Fail(text.error().In(where));
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument,
                where + ": " + token.credentials_file + std::string(what));
  };
  if (text->size() < kLeastTokenBytes)
    return bad(": is shorter than 8 characters; make one with `openssl rand -hex 32`");
  if (text->find(' ') != std::string::npos) return bad(": holds more than one word");
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
