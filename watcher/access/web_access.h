// Lets requests in or refuses them, by the web configuration in force, and keeps that up to date.
//
//   nobody known (no users, no tokens): everybody may do what is switched on
//   else: 401 without or with wrong credentials, 403 where the role does not suffice
//   always: 403 for a change that a foreign page made a browser send
//
// Admit runs on the server's executor, one request at a time in each thread; the rest may be called
// from any thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "watcher/access/password_check.h"
#include "watcher/access/web_settings.h"
#include "watcher/net/http_server.h"

namespace heapwatch {

class WebAccess {
 public:
  // `file` as LoadWebSettings takes it. `on_refusal` hears of each with its reason:
  // "unauthenticated", "busy", "forbidden" or "foreign_page".
  static Result<std::unique_ptr<WebAccess>> Load(std::string file,
                                                 std::function<void(std::string_view)> on_refusal);

  boost::asio::awaitable<Admission> Admit(HttpRequest& request);
  // How people reach the service, for IsForged.
  void set_external_authority(std::string authority);

  // Reads the files again where one of them has changed since they were read last. True where other
  // settings are in force now; an error leaves the old ones, and is told once for each change. It
  // is one, too, where the new would no longer ask for a login, TLS or a client's certificate: a
  // file read while it is written must not open the service.
  Result<bool> Refresh();
  std::shared_ptr<const WebSettings> settings() const;
  // Whether there are people who come in with a name and a password.
  bool asks_password() const { return !settings()->config.basic_auth_users.empty(); }

 private:
  WebAccess(std::string file, std::function<void(std::string_view)> on_refusal)
      : file_(std::move(file)), on_refusal_(std::move(on_refusal)) {}
  void Take(std::shared_ptr<const WebSettings> settings);
  // Nothing where `request.user` has shown who he is, else the refusal.
  boost::asio::awaitable<std::optional<HttpResponse>> Authenticate(HttpRequest& request,
                                                                   const WebSettings& settings);
  boost::asio::awaitable<PasswordCheck::Outcome> CheckBasic(HttpRequest& request,
                                                            std::string credentials,
                                                            const WebSettings& settings);

  const std::string file_;
  const std::function<void(std::string_view)> on_refusal_;
  PasswordCheck passwords_;
  mutable std::mutex mutex_;
  std::shared_ptr<const WebSettings> settings_;  // guarded by mutex_, as is the rest
  std::string external_authority_;
  std::string stamp_;  // of the files, before they were read last
};

}  // namespace heapwatch
