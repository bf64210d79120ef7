#include "watcher/access/web_access.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "analysis/base/base64.h"
#include "watcher/access/request_guard.h"

namespace heapwatch {
namespace {

namespace asio = boost::asio;

HttpResponse Unauthenticated(const WebConfig& config) {
  HttpResponse response =
      TextResponse(401, "Log in: this needs a user with a password, or a token.");
  response.headers["www-authenticate"] = config.basic_auth_users.empty()
                                             ? "Bearer realm=\"Heapwatch\""
                                             : "Basic realm=\"Heapwatch\", charset=\"UTF-8\"";
  return response;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// What keeps people out and would not any more; "" for nothing.
std::string_view LostProtection(const WebConfig& before, const WebConfig& after) {
  if (before.needs_login() && !after.needs_login()) return "the login";
  if (before.tls && !after.tls) return "TLS";
  const auto checks_clients = [](const WebConfig& config) {
    return config.tls && config.tls->client_auth == ClientAuth::kRequireAndVerify;
  };
  if (checks_clients(before) && !checks_clients(after)) return "the check of client certificates";
  return "";
}

struct Authorization {
  std::string_view scheme;
  std::string_view credentials;
};

Authorization AuthorizationOf(const HttpRequest& request) {
  const std::string_view text = Get(request.headers, "authorization");
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::size_t begin = std::min(text.find_first_not_of(' ', space), text.size());
  return {text.substr(0, space), text.substr(begin)};
}

}  // namespace

Result<std::unique_ptr<WebAccess>> WebAccess::Load(
    std::string file, std::function<void(std::string_view)> on_refusal) {
  auto settings = LoadWebSettings(file);
  if (!settings) return Fail(settings.error());
  std::unique_ptr<WebAccess> access(new WebAccess(std::move(file), std::move(on_refusal)));
  access->Take(*std::move(settings));
  return access;
}

void WebAccess::Take(std::shared_ptr<const WebSettings> settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(settings);
  stamp_ = settings_->stamp;
}

Result<bool> WebAccess::Refresh() {
  {
    const std::scoped_lock lock(mutex_);
    std::string stamp = StampOfFiles(file_, settings_->config);
    if (stamp == stamp_) return false;
    stamp_ = std::move(stamp);
  }
  auto settings = LoadWebSettings(file_);
  if (!settings) return Fail(settings.error());
  const std::string_view lost = LostProtection(this->settings()->config, (*settings)->config);
  if (!lost.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                file_ + ": takes " + std::string(lost) +
                    " away, as does a file that is still being written: restart Heapwatch where "
                    "that is meant");
  }
  Take(*std::move(settings));
  return true;
}

std::shared_ptr<const WebSettings> WebAccess::settings() const {
  const std::scoped_lock lock(mutex_);
  return settings_;
}

void WebAccess::set_external_authority(std::string authority) {
  const std::scoped_lock lock(mutex_);
  external_authority_ = std::move(authority);
}

asio::awaitable<Admission> WebAccess::Admit(HttpRequest& request) {
  std::shared_ptr<const WebSettings> settings;
  std::string authority;
  {
    const std::scoped_lock lock(mutex_);
    settings = settings_;
    authority = external_authority_;
  }
  const WebConfig& config = settings->config;
  Admission admission;
  admission.headers = config.headers;
  if (IsForged(request, authority)) {
    on_refusal_("foreign_page");
    admission.answer = TextResponse(403, "A page of another origin may change nothing here.");
    co_return admission;
  }
  if (!config.needs_login()) co_return admission;
  auto refusal = co_await Authenticate(request, *settings);
  admission.answer = std::move(refusal);
  if (admission.answer) co_return admission;
  const auto named = config.roles.find(request.user);
  const Role role = named == config.roles.end() ? Role::kReadOnly : named->second;
  if (!MayServe(role, request)) {
    on_refusal_("forbidden");
    admission.answer = TextResponse(
        403, "The role of " + request.user + ", " + std::string(ToString(role)) +
                 ", does not suffice for " + request.method + ' ' + request.path + '.');
  }
  co_return admission;
}

asio::awaitable<std::optional<HttpResponse>> WebAccess::Authenticate(HttpRequest& request,
                                                                     const WebSettings& settings) {
  const Authorization shown = AuthorizationOf(request);
  if (EqualIgnoringCase(shown.scheme, "Bearer")) {
    const auto found = settings.tokens.find(DigestOfToken(shown.credentials));
    if (found != settings.tokens.end()) {
      request.user = found->second;
      co_return std::nullopt;
    }
  } else if (EqualIgnoringCase(shown.scheme, "Basic") &&
             !settings.config.basic_auth_users.empty()) {
    std::string credentials = DecodeBase64(shown.credentials).value_or("");
    const auto outcome = co_await CheckBasic(request, std::move(credentials), settings);
    if (outcome == PasswordCheck::Outcome::kRight) co_return std::nullopt;
    if (outcome == PasswordCheck::Outcome::kBusy) {
      on_refusal_("busy");
      HttpResponse response =
          TextResponse(429, "Too many passwords are being checked; come again.");
      response.headers["retry-after"] = "1";
      co_return response;
    }
  }
  on_refusal_("unauthenticated");
  co_return Unauthenticated(settings.config);
}

asio::awaitable<PasswordCheck::Outcome> WebAccess::CheckBasic(HttpRequest& request,
                                                              std::string credentials,
                                                              const WebSettings& settings) {
  const auto& users = settings.config.basic_auth_users;
  const std::size_t colon = credentials.find(':');
  if (colon == std::string::npos) co_return PasswordCheck::Outcome::kWrong;
  std::string name = credentials.substr(0, colon);
  const auto user = users.find(name);
  // Nobody learns by the time it takes which names there are.
  const bool is_known = user != users.end();
  auto outcome = co_await passwords_.Check(
      credentials.substr(colon + 1), is_known ? user->second : users.begin()->second, request.peer);
  if (outcome == PasswordCheck::Outcome::kRight) {
    if (!is_known) co_return PasswordCheck::Outcome::kWrong;
    request.user = std::move(name);
  }
  co_return outcome;
}

}  // namespace heapwatch
