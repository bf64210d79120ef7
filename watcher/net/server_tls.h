// What a server shows to its peers and asks of them on TLS connections: certificate, key, versions,
// who may vouch for clients. Made whole from the files of a web configuration or not at all, and
// never changed: when a file changes, another is put in its place (HttpServer::SetTls). Any thread.
#pragma once

#include <memory>

#include "analysis/base/error.h"
#include "config/web_config.h"

namespace boost::asio::ssl {
class context;
}

namespace heapwatch {

class ServerTls {
 public:
  // kInvalidArgument names the file or the field and what OpenSSL says about it. A key with a
  // passphrase is refused: nobody is there to type it.
  static Result<std::shared_ptr<const ServerTls>> Load(const TlsServerConfig& config);
  ~ServerTls();

  boost::asio::ssl::context& context() const { return *context_; }

 private:
  explicit ServerTls(std::unique_ptr<boost::asio::ssl::context> context);
  const std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace heapwatch
