#include "tests/watcher/discovery/fake_api_server.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <chrono>
#include <thread>
#include <utility>

namespace heapwatch {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kLookEvery(5);

std::string CollectionOf(const std::string& kind, const std::string& name_space) {
  return "/api/v1/namespaces/" + name_space + '/' + kind;
}

// "/api/v1/pods" covers the pods of all namespaces.
bool Covers(const std::string& path, const std::string& collection) {
  if (path == collection) return true;
  const std::string kind = path.substr(path.rfind('/'));
  return path == "/api/v1" + kind && collection.ends_with(kind);
}

std::string Status(int code, const std::string& message) {
  return json::serialize(json::value{{"kind", "Status"},
                                     {"apiVersion", "v1"},
                                     {"metadata", json::object{}},
                                     {"status", "Failure"},
                                     {"message", message},
                                     {"code", code}});
}

std::string Chunk(const std::string& bytes) {
  static const char* const digits = "0123456789abcdef";
  std::string size;
  for (std::size_t left = bytes.size(); left > 0; left /= 16) size.insert(0, 1, digits[left % 16]);
  return (size.empty() ? "0" : size) + "\r\n" + bytes + "\r\n";
}

}  // namespace

void FakeApiServer::Put(const std::string& kind, json::value object) {
  const std::scoped_lock lock(mutex_);
  auto& meta = object.at("metadata").as_object();
  const std::string path = CollectionOf(kind, meta.at("namespace").as_string().c_str());
  meta["resourceVersion"] = std::to_string(++version_);
  const std::string key = path + '/' + meta.at("name").as_string().c_str();
  const bool is_new = objects_.insert_or_assign(key, object).second;
  Tell(is_new ? "ADDED" : "MODIFIED", path, std::move(object));
}

void FakeApiServer::Delete(const std::string& kind, const std::string& name_space,
                           const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const std::string path = CollectionOf(kind, name_space);
  auto node = objects_.extract(path + '/' + name);
  node.mapped().at("metadata").as_object()["resourceVersion"] = std::to_string(++version_);
  Tell("DELETED", path, std::move(node.mapped()));
}

void FakeApiServer::Tell(const std::string& type, const std::string& path, json::value object) {
  events_.push_back(
      {version_, path,
       json::serialize(json::value{{"type", type}, {"object", std::move(object)}}) + '\n'});
}

void FakeApiServer::set_page_size(std::size_t size) {
  const std::scoped_lock lock(mutex_);
  page_size_ = size;
}

void FakeApiServer::Refuse(int status, const std::string& message) {
  const std::scoped_lock lock(mutex_);
  refusal_ = status;
  refusal_message_ = message;
}

void FakeApiServer::DropWatches() {
  const std::scoped_lock lock(mutex_);
  ++drops_;
}

void FakeApiServer::Compact() {
  const std::scoped_lock lock(mutex_);
  events_.clear();
  oldest_ = ++version_;
}

void FakeApiServer::Bookmark() {
  const std::scoped_lock lock(mutex_);
  ++version_;
  Tell("BOOKMARK", "", json::value{{"metadata", {{"resourceVersion", std::to_string(version_)}}}});
}

int FakeApiServer::watches() const {
  const std::scoped_lock lock(mutex_);
  return watches_;
}

int FakeApiServer::gone() const {
  const std::scoped_lock lock(mutex_);
  return gone_;
}

RawServer::Answer FakeApiServer::Answer(const std::string& request) {
  const std::string target = request.substr(4, request.find(' ', 4) - 4);
  const auto url = boost::urls::parse_origin_form(target).value();
  const auto parameter = [&](const char* name) {
    const auto it = url.params().find(name);
    return it == url.params().end() ? std::string() : std::string((*it).value);
  };
  const std::string path = url.path();
  const std::scoped_lock lock(mutex_);
  if (refusal_ != 0)
    return {HttpAnswer(refusal_, "application/json", Status(refusal_, refusal_message_)),
            RawServer::Then::kClose,
            {}};
  if (parameter("watch").empty()) return List(path, parameter("continue"));
  const std::uint64_t version = std::stoull(parameter("resourceVersion"));
  ++watches_;
  if (version < oldest_) {
    ++gone_;
    return {HttpAnswer(410, "application/json", Status(410, "too old resource version")),
            RawServer::Then::kClose,
            {}};
  }
  return {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
          RawServer::Then::kClose,
          [this, path, version, drops = drops_](const RawServer::Send& send) {
            Watch(path, version, drops, send);
          }};
}

RawServer::Answer FakeApiServer::List(const std::string& path, const std::string& page) const {
  const std::size_t begin = page.empty() ? 0 : std::stoul(page);
  std::size_t place = 0;
  std::size_t count = 0;
  json::array items;
  for (const auto& [key, object] : objects_) {
    if (!Covers(path, key.substr(0, key.rfind('/')))) continue;
    ++count;
    if (place++ >= begin && items.size() < page_size_) items.push_back(object);
  }
  json::object meta = {{"resourceVersion", std::to_string(version_)}};
  if (begin + page_size_ < count) meta["continue"] = std::to_string(begin + page_size_);
  return {HttpAnswer(200, "application/json",
                     json::serialize(
                         json::value{{"metadata", std::move(meta)}, {"items", std::move(items)}})),
          RawServer::Then::kClose,
          {}};
}

void FakeApiServer::Watch(const std::string& path, std::uint64_t version, int drops,
                          const RawServer::Send& send) {
  for (std::string news; send(news); std::this_thread::sleep_for(kLookEvery)) {
    news.clear();
    const std::scoped_lock lock(mutex_);
    if (drops != drops_) return;
    if (version < oldest_) {
      ++gone_;
      send(Chunk("{\"type\":\"ERROR\",\"object\":" + Status(410, "too old") + "}\n") + Chunk(""));
      return;
    }
    for (const Event& event : events_)
      if (event.version > version && (event.path.empty() || Covers(path, event.path)))
        news += Chunk(event.line);
    version = version_;
  }
}

}  // namespace heapwatch
