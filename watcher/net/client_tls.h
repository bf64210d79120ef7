// The TLS contexts of HttpClient, one for each tls_config that is in use; made anew when a file of
// it has changed. Any thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "analysis/base/error.h"
#include "config/http_client_config.h"

namespace heapwatch {

class ClientTls {
 public:
  // kInvalidArgument names the field and the file that cannot be used.
  Result<std::shared_ptr<boost::asio::ssl::context>> ContextFor(const TlsClientConfig& config);

 private:
  struct Made {
    std::string stamp;  // of its files
    std::shared_ptr<boost::asio::ssl::context> context;
  };

  std::mutex mutex_;
  std::map<TlsClientConfig, Made> made_;  // guarded by mutex_
};

}  // namespace heapwatch
