#include "watcher/net/client_tls.h"

#include <openssl/ssl.h>

#include "watcher/net/file_stamp.h"

namespace heapwatch {
namespace {

using boost::asio::ssl::context;
using boost::system::error_code;

// Far above what a configuration has; those of configurations gone by are dropped with the rest.
constexpr std::size_t kMostContexts = 256;

Result<std::shared_ptr<context>> MakeContext(const TlsClientConfig& config) {
  const auto bad = [](std::string_view field, const std::string& file, const error_code& code) {
    return Fail(ErrorCode::kInvalidArgument, "tls_config." + std::string(field) + ": " + file +
                                                 " cannot be used: " + code.message());
  };
  auto made = std::make_shared<context>(context::tls_client);
  made->set_options(context::default_workarounds | context::no_tlsv1 | context::no_tlsv1_1 |
                    (config.min_version == "TLS13" ? context::no_tlsv1_2 : 0));
  error_code code;
  if (config.ca_file.empty())
    made->set_default_verify_paths();
  else if (made->load_verify_file(config.ca_file, code))
    return bad("ca_file", config.ca_file, code);
  if (config.cert_file.empty()) return made;
  if (made->use_certificate_chain_file(config.cert_file, code))
    return bad("cert_file", config.cert_file, code);
  if (made->use_private_key_file(config.key_file, context::pem, code))
    return bad("key_file", config.key_file, code);
  return made;
}

}  // namespace

Result<std::shared_ptr<context>> ClientTls::ContextFor(const TlsClientConfig& config) {
  std::string stamp;
  for (const std::string* file : {&config.ca_file, &config.cert_file, &config.key_file})
    AddFileStamp(*file, stamp);
  const std::scoped_lock lock(mutex_);
  const auto known = made_.find(config);
  if (known != made_.end() && known->second.stamp == stamp) return known->second.context;
  auto context = MakeContext(config);
  if (!context) return Fail(context.error());
  if (made_.size() >= kMostContexts) made_.clear();
  made_[config] = {std::move(stamp), *context};
  return context;
}

}  // namespace heapwatch
