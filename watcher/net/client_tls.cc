#include "watcher/net/client_tls.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>

#include "watcher/net/file_stamp.h"

namespace heapwatch {

namespace asio = boost::asio;

namespace {

using boost::asio::ssl::context;
using boost::system::error_code;

// Far above what a configuration has; those of configurations gone by are dropped with the rest.
constexpr std::size_t kMostContexts = 256;

Result<std::shared_ptr<context>> MakeContext(const TlsClientConfig& config) {
  auto made = std::make_shared<context>(context::tls_client);
  made->set_options(context::default_workarounds | context::no_tlsv1 | context::no_tlsv1_1 |
                    (config.min_version == "TLS13" ? context::no_tlsv1_2 : 0));
  error_code code;
  const auto bad = [&](const std::string& field, const std::string& file) {
    return Fail(ErrorCode::kInvalidArgument, "tls_config." + field +
                                                 (file.empty() ? "" : "_file: " + file) +
                                                 " cannot be used: " + code.message());
  };
  if (!config.ca.empty())
    made->add_certificate_authority(asio::buffer(config.ca), code);
  else if (!config.ca_file.empty())
    made->load_verify_file(config.ca_file, code);
  else
    made->set_default_verify_paths();
  if (code) return bad("ca", config.ca_file);

  if (!config.cert.empty())
    made->use_certificate_chain(asio::buffer(config.cert), code);
  else if (!config.cert_file.empty())
    made->use_certificate_chain_file(config.cert_file, code);
  if (code) return bad("cert", config.cert_file);

  if (!config.key.empty())
    made->use_private_key(asio::buffer(config.key.Reveal()), context::pem, code);
  else if (!config.key_file.empty())
    made->use_private_key_file(config.key_file, context::pem, code);
  if (code) return bad("key", config.key_file);
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
