#include "watcher/cli/service_client.h"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <new>

#include "analysis/profile/looks_like.h"
#include "watcher/cli/commands.h"
#include "watcher/net/http_client.h"

namespace heapwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostAnswerBytes = 256U << 20;

HttpClientConfig ClientConfig(const ServiceAddress& address) {
  HttpClientConfig config;
  config.tls.ca_file = address.ca_file;
  if (!address.token_file.empty())
    config.authorization.emplace().credentials_file = address.token_file;
  else if (!address.user.empty())
    config.basic_auth = {address.user, Secret(), address.password_file};
  return config;
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
  else if (response.status == 404)
    error.message += ": is this a Heapwatch, and its path prefix in the URL?";
  if (response.status == 401)
    error.message =
        "the login is missing or wrong (HTTP 401): give --user with --password-file, or "
        "--token-file";
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
  call.config = ClientConfig(address);
  const HttpClient client;
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
                address.url + " answers as no Heapwatch does: " + LooksLike(*body));
  return answer.at("data");
}

int RunAsking(std::string_view command, const ServiceAddress& address,
              const std::function<Result<void>()>& run) {
  Result<void> done;
  try {
    done = run();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // Boost.JSON's, of several types
    done = Fail(ErrorCode::kWrongFormat,
                address.url +
                    " answers as no Heapwatch of this version does: JSON of another "
                    "form: is this the right address?");
  }
  if (done) return kExitOk;
  std::cerr << "heapwatch " << command << ": " << done.error().message << '\n';
  return kExitBadInput;
}

}  // namespace heapwatch
