#include "watcher/discovery/kubernetes_watch.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/url.hpp>
#include <utility>

#include "watcher/discovery/kubernetes_objects.h"
#include "watcher/net/run_on.h"

namespace heapwatch {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr Duration kLongestWait = std::chrono::seconds(30);
constexpr Duration kListTimeout = std::chrono::seconds(60);
constexpr std::size_t kPageBytes = 64U << 20;
constexpr std::size_t kEventBytes = 8U << 20;
// The server ends a watch after this; one that it does not end is given up a little later.
constexpr int kWatchSeconds = 300;
constexpr Duration kWatchTimeout = std::chrono::seconds(kWatchSeconds + 30);
constexpr std::string_view kGone = "the version asked for is gone";

// The reason that Kubernetes gives for a refusal, in place of the JSON it comes in.
Error Refusal(HttpResponse response) {
  json::error_code code;
  const json::value status = json::parse(response.body, code);
  if (std::string message = JsonText(JsonAt(status, "message")); !code && !message.empty())
    response.body = std::move(message);
  return DescribeStatus(response);
}

void AddParameter(boost::urls::url& url, const char* name, const std::string& value) {
  if (!value.empty()) url.params().append({name, value});
}

}  // namespace

KubernetesWatch::KubernetesWatch(KubernetesCollection collection,
                                 std::function<Result<KubernetesAccess>()> access,
                                 const HttpClient& client, asio::any_io_executor cpu,
                                 KubernetesSink sink, Duration first_wait)
    : collection_(std::move(collection)),
      access_(std::move(access)),
      client_(client),
      cpu_(std::move(cpu)),
      sink_(std::move(sink)),
      first_wait_(first_wait) {}

asio::awaitable<void> KubernetesWatch::Run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Duration wait = first_wait_;
  for (;;) {
    const bool is_list = version_.empty();
    timer.expires_after(wait);
    // Not by ?:, of which GCC 12 destroys what is awaited twice.
    Result<void> done;
    if (is_list)
      done = co_await List();
    else
      done = co_await Watch();
    if (done) {
      sink_.tell("");
      if (is_list) continue;
      wait = first_wait_;
      // It may have ended at once: not to begin it again and again.
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    // That a version is forgotten is nothing wrong.
    if (version_.empty() && done.error().code == ErrorCode::kNotFound && !is_list)
      sink_.tell("");
    else
      sink_.tell(Name(done.error()).message);
    timer.expires_after(wait);
    co_await timer.async_wait(asio::use_awaitable);
    wait = std::min(2 * wait, kLongestWait);
  }
}

Result<HttpCall> KubernetesWatch::MakeCall(const std::string& query) const {
  const auto access = access_();
  if (!access) return Fail(access.error());
  boost::urls::url url;
  url.set_encoded_query(query);
  AddParameter(url, "labelSelector", collection_.label_selector);
  AddParameter(url, "fieldSelector", collection_.field_selector);
  HttpCall call;
  call.url = access->server + collection_.path + '?' + std::string(url.encoded_query());
  call.headers = {{"Accept", "application/json"}};
  call.config = access->http;
  return call;
}

asio::awaitable<Result<void>> KubernetesWatch::List() {
  sink_.begin();
  continue_.clear();
  do {
    boost::urls::url query;
    query.set_encoded_query("limit=500");
    AddParameter(query, "continue", continue_);
    auto call = MakeCall(std::string(query.encoded_query()));
    if (!call) co_return Fail(call.error());
    call->timeout = kListTimeout;
    call->body_limit_bytes = kPageBytes;
    const auto response = co_await client_.Send(*std::move(call));
    if (!response) co_return Fail(response.error());
    if (response->status != 200) co_return Fail(Refusal(*response));
    json::error_code code;
    const json::value page =
        co_await RunOn(cpu_, [&] { return json::parse(response->body, code); });
    if (code) co_return Fail(ErrorCode::kWrongFormat, "the answer is not JSON: " + code.message());
    if (auto taken = TakePage(page); !taken) co_return taken;
  } while (!continue_.empty());
  sink_.end();
  co_return Result<void>();
}

Result<void> KubernetesWatch::TakePage(const json::value& page) {
  if (!JsonAt(page, "items").is_array() && !JsonAt(page, "items").is_null())
    return Fail(ErrorCode::kWrongFormat, "the answer is no list of objects");
  continue_ = JsonText(JsonAt(page, "metadata", "continue"));
  const std::string version = JsonText(JsonAt(page, "metadata", "resourceVersion"));
  if (version.empty())
    return Fail(ErrorCode::kWrongFormat, "the answer has no resourceVersion: is this Kubernetes?");
  if (continue_.empty()) version_ = version;
  for (const json::value& item : JsonList(JsonAt(page, "items"))) sink_.put(item);
  return {};
}

asio::awaitable<Result<void>> KubernetesWatch::Watch() {
  boost::urls::url query;
  query.set_encoded_query("watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                          std::to_string(kWatchSeconds));
  AddParameter(query, "resourceVersion", version_);
  auto call = MakeCall(std::string(query.encoded_query()));
  if (!call) co_return Fail(call.error());
  call->timeout = kWatchTimeout;
  std::string rest;
  Result<void> taken;
  bool is_well = false;
  call->on_piece = [&](std::string piece) {
    if (!std::exchange(is_well, true)) sink_.tell("");
    rest += piece;
    std::size_t begin = 0;
    for (std::size_t end; taken && (end = rest.find('\n', begin)) != std::string::npos;
         begin = end + 1)
      taken = TakeEvent(std::string_view(rest).substr(begin, end - begin));
    rest.erase(0, begin);
    if (taken && rest.size() > kEventBytes)
      taken = Fail(ErrorCode::kLimit, "an event is longer than 8 MiB");
    return taken.has_value();
  };
  const auto response = co_await client_.Send(*std::move(call));
  if (!taken) co_return taken;
  // One that is cut off is begun again, as one that has come to its end.
  if (!response && is_well) co_return Result<void>();
  if (!response) co_return Fail(response.error());
  if (response->status == 200) co_return Result<void>();
  // Whatever is wrong, all is listed anew once it is right.
  version_.clear();
  if (response->status == 410) co_return Fail(ErrorCode::kNotFound, std::string(kGone));
  co_return Fail(Refusal(*response));
}

Result<void> KubernetesWatch::TakeEvent(std::string_view line) {
  json::error_code code;
  const json::value event = json::parse(json::string_view(line.data(), line.size()), code);
  if (code) return Fail(ErrorCode::kWrongFormat, "an event is not JSON: " + code.message());
  const std::string type = JsonText(JsonAt(event, "type"));
  const json::value& object = JsonAt(event, "object");
  if (type == "ERROR") {
    version_.clear();
    const json::value& status = JsonAt(object, "code");
    if (status.is_int64() && status.get_int64() == 410)
      return Fail(ErrorCode::kNotFound, std::string(kGone));
    return Fail(ErrorCode::kUnavailable,
                "the server ends the watch: " + JsonText(JsonAt(object, "message")));
  }
  if (type == "ADDED" || type == "MODIFIED") sink_.put(object);
  if (type == "DELETED") sink_.remove(object);
  if (std::string version = JsonText(JsonAt(object, "metadata", "resourceVersion"));
      !version.empty())
    version_ = std::move(version);
  return {};
}

}  // namespace heapwatch
