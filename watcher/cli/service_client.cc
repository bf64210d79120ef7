#include "watcher/cli/service_client.h"

#include <openssl/evp.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <chrono>

#include "watcher/cli/profile_files.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostSecretBytes = 8192;
constexpr std::size_t kMostAnswerBytes = 256U << 20;

Result<std::string> ReadSecret(const std::string& path) {
  auto text = ReadWholeFile(path, kMostSecretBytes);
  if (!text) return Fail(text.error());
  text->erase(text->find_last_not_of("\r\n") + 1);
  return text;
}

std::string Base64(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<std::string> Authorization(const ServiceAddress& address) {
  if (!address.token_file.empty()) {
    const auto token = ReadSecret(address.token_file);
    if (!token) return Fail(token.error());
    return "Bearer " + *token;
  }
  if (address.user.empty()) return "";
  const auto password = ReadSecret(address.password_file);
  if (!password) return Fail(password.error());
  return "Basic " + Base64(address.user + ':' + *password);
}

std::string UrlOf(const ServiceAddress& address, std::string_view path, Query query) {
  std::string url = address.url;
  while (url.ends_with('/')) url.pop_back();
  url += path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    url += separator + std::string(name) + '=' +
           boost::urls::encode(value, boost::urls::unreserved_chars);
    separator = '&';
  }
  return url;
}

// What the service itself said, where it said something.
Error ErrorOf(const HttpResponse& response) {
  Error error = DescribeStatus(response);
  json::error_code failed;
  const json::value answer = json::parse(response.body, failed);
  if (!failed && answer.is_object() && answer.as_object().contains("error") &&
      answer.at("error").is_string())
    error.message = std::string(answer.at("error").as_string());
  if (response.status == 401)
    error.message += "; give --user with --password-file, or --token-file";
  return error;
}

}  // namespace

void AddServiceOptions(CLI::App& command, ServiceAddress& address) {
  command.add_option("--url", address.url, "The running service, with its path prefix if any")
      ->type_name("URL")
      ->envname("HEAPWATCH_URL")
      ->capture_default_str()
      ->group("Service");
  CLI::Option* user =
      command.add_option("--user", address.user, "Log in with a password")->group("Service");
  CLI::Option* password =
      command.add_option("--password-file", address.password_file, "Holds the password")
          ->type_name("FILE")
          ->needs(user)
          ->group("Service");
  user->type_name("NAME")->needs(password);
  command.add_option("--token-file", address.token_file, "Log in with the token in it")
      ->type_name("FILE")
      ->excludes(user)
      ->group("Service");
  command.add_option("--ca-file", address.ca_file, "Who vouches for the service's certificate")
      ->type_name("FILE")
      ->group("Service");
}

Result<std::string> AskService(const ServiceAddress& address, std::string_view path, Query query) {
  HttpCall call;
  call.url = UrlOf(address, path, query);
  call.timeout = std::chrono::seconds(30);
  call.body_limit_bytes = kMostAnswerBytes;
  const auto authorization = Authorization(address);
  if (!authorization) return Fail(authorization.error());
  if (!authorization->empty()) call.headers["Authorization"] = *authorization;
  HttpClient client;
  if (!address.ca_file.empty()) {
    if (auto trusted = client.TrustOnly(address.ca_file); !trusted) return Fail(trusted.error());
  }
  boost::asio::io_context context;
  auto future =
      boost::asio::co_spawn(context, client.Send(std::move(call)), boost::asio::use_future);
  context.run();
  const auto response = future.get();
  if (!response) return Fail(response.error().In(address.url));
  if (response->status != 200) return Fail(ErrorOf(*response).In(address.url));
  return response->body;
}

Result<json::value> AskServiceForData(const ServiceAddress& address, std::string_view path,
                                      Query query) {
  const auto body = AskService(address, path, query);
  if (!body) return Fail(body.error());
  json::error_code failed;
  const json::value answer = json::parse(*body, failed);
  if (failed || !answer.is_object() || !answer.as_object().contains("data"))
    return Fail(ErrorCode::kWrongFormat,
                address.url + ": what answers is no Heapwatch: is this the right address?");
  return answer.at("data");
}

}  // namespace heapwatch
