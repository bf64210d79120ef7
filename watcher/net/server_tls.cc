#include "watcher/net/server_tls.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heapwatch {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

int VersionOf(std::string_view name) {
  if (name == "TLS10") return TLS1_VERSION;
  if (name == "TLS11") return TLS1_1_VERSION;
  return name == "TLS12" ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// OpenSSL's name for IANA's; "" where there is none. Go leaves out a _SHA256 at the end of two.
std::string CipherName(const ssl::context& context, std::string_view name) {
  const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(
      const_cast<ssl::context&>(context).native_handle());  // NOLINT: OpenSSL knows no const here
  for (int i = 0; i < sk_SSL_CIPHER_num(known); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, i);
    const std::string_view standard = SSL_CIPHER_standard_name(cipher);
    if (standard == name || standard == std::string(name) + "_SHA256")
      return SSL_CIPHER_get_name(cipher);
  }
  return "";
}

std::string GroupName(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, const char*>, 4> kGroups = {
      {{"CurveP256", "P-256"},
       {"CurveP384", "P-384"},
       {"CurveP521", "P-521"},
       {"X25519", "X25519"}}};
  for (const auto& [go_name, group] : kGroups)
    if (go_name == name) return group;
  return "";
}

using Translator = std::string (*)(const ssl::context&, std::string_view);

// The names as one list in OpenSSL's words.
Result<std::string> Translate(const ssl::context& context, const std::vector<std::string>& names,
                              const char* field, Translator translator) {
  std::string list;
  for (const std::string& name : names) {
    const std::string translated = translator(context, name);
    if (translated.empty())
      return Fail(ErrorCode::kInvalidArgument,
                  std::string(field) + ": \"" + name + "\" is not known here");
    list += (list.empty() ? "" : ":") + translated;
  }
  return list;
}

Result<void> SetCiphers(ssl::context& context, const TlsServerConfig& config) {
  SSL_CTX* const native = context.native_handle();
  if (!config.cipher_suites.empty()) {
    const auto list = Translate(context, config.cipher_suites, "cipher_suites", CipherName);
    if (!list) return Fail(list.error());
    if (SSL_CTX_set_cipher_list(native, list->c_str()) != 1)
      return Fail(ErrorCode::kInvalidArgument, "cipher_suites: OpenSSL takes none of them");
  }
  if (!config.curve_preferences.empty()) {
    const auto list =
        Translate(context, config.curve_preferences, "curve_preferences",
                  [](const ssl::context&, std::string_view name) { return GroupName(name); });
    if (!list) return Fail(list.error());
    if (SSL_CTX_set1_groups_list(native, list->c_str()) != 1)
      return Fail(ErrorCode::kInvalidArgument, "curve_preferences: OpenSSL takes none of them");
  }
  if (config.prefer_server_cipher_suites)
    SSL_CTX_set_options(native, SSL_OP_CIPHER_SERVER_PREFERENCE);
  return {};
}

Result<void> SetClientAuth(ssl::context& context, const TlsServerConfig& config) {
  if (config.client_auth == ClientAuth::kNone) return {};
  const bool is_needed = config.client_auth == ClientAuth::kRequireAny ||
                         config.client_auth == ClientAuth::kRequireAndVerify;
  const bool is_checked = config.client_auth == ClientAuth::kVerifyIfGiven ||
                          config.client_auth == ClientAuth::kRequireAndVerify;
  context.set_verify_mode(is_needed ? ssl::verify_peer | ssl::verify_fail_if_no_peer_cert
                                    : ssl::verify_peer);
  if (!is_checked) {
    context.set_verify_callback([](bool, ssl::verify_context&) { return true; });
    return {};
  }
  error_code failed;
  if (config.client_ca_file.empty()) {
    context.set_default_verify_paths(failed);
  } else {
    context.load_verify_file(config.client_ca_file, failed);
    // Told to clients, which choose the certificate to show by it.
    if (!failed)
      SSL_CTX_set_client_CA_list(context.native_handle(),
                                 SSL_load_client_CA_file(config.client_ca_file.c_str()));
  }
  if (failed)
    return Fail(ErrorCode::kInvalidArgument,
                "client_ca_file: " + config.client_ca_file + ": " + failed.message());
  return {};
}

}  // namespace

Result<std::shared_ptr<const ServerTls>> ServerTls::Load(const TlsServerConfig& config) {
  const auto bad = [](const char* field, const std::string& file, const error_code& code) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string(field) + ": " + file + ": " + code.message());
  };
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, VersionOf(config.min_version));
  SSL_CTX_set_max_proto_version(native, VersionOf(config.max_version));
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A session that was resumed has checked its client's certificate before, with this context.
  constexpr std::array<unsigned char, 9> kName = {'h', 'e', 'a', 'p', 'w', 'a', 't', 'c', 'h'};
  SSL_CTX_set_session_id_context(native, kName.data(), kName.size());
  error_code failed;
  // Without it OpenSSL would ask for a passphrase on the terminal.
  context->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, failed);
  context->use_certificate_chain_file(config.cert_file, failed);
  if (failed) return bad("cert_file", config.cert_file, failed);
  context->use_private_key_file(config.key_file, ssl::context::pem, failed);
  if (failed) return bad("key_file", config.key_file, failed);
  if (auto set = SetCiphers(*context, config); !set) return Fail(set.error());
  if (auto set = SetClientAuth(*context, config); !set) return Fail(set.error());
  return std::shared_ptr<const ServerTls>(new ServerTls(std::move(context)));
}

ServerTls::ServerTls(std::unique_ptr<ssl::context> context) : context_(std::move(context)) {}
ServerTls::~ServerTls() = default;

}  // namespace heapwatch
