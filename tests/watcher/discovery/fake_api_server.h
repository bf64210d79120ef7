// Speaks what of the Kubernetes API discovery uses: lists in pages, and watches that tell of
// changes since a version, end, break, or find that version gone; each to order.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/raw_server.h"

namespace heapwatch {

class FakeApiServer {
 public:
  FakeApiServer() : server_([this](const std::string& request) { return Answer(request); }) {}

  std::string url() const { return "http://" + server_.address(); }
  std::vector<std::string> requests() const { return server_.requests(); }

  // `kind` is "pods", "services" or "endpoints". An object is told by its namespace and name.
  void Put(const std::string& kind, boost::json::value object);
  void Delete(const std::string& kind, const std::string& name_space, const std::string& name);

  void set_page_size(std::size_t size);
  // Every call is answered with this status and reason; 0 ends it.
  void Refuse(int status, const std::string& message = "");
  // All watches are cut off.
  void DropWatches();
  // No version before now can be watched from any more; watches under way are told so.
  void Compact();
  // Watches are told of the version now, as if much had happened that does not concern them.
  void Bookmark();
  // How many watches have begun, and how many of them at a version that is gone.
  int watches() const;
  int gone() const;

 private:
  struct Event {
    std::uint64_t version;
    std::string path;  // the collection of its namespace
    std::string line;
  };

  RawServer::Answer Answer(const std::string& request);
  RawServer::Answer List(const std::string& path, const std::string& page) const;
  void Watch(const std::string& path, std::uint64_t version, int drops,
             const RawServer::Send& send);
  void Tell(const std::string& type, const std::string& path, boost::json::value object);

  mutable std::mutex mutex_;
  std::map<std::string, boost::json::value> objects_;  // by collection and name
  std::vector<Event> events_;
  std::uint64_t version_ = 1000;
  std::uint64_t oldest_ = 1000;
  std::size_t page_size_ = 500;
  int refusal_ = 0;
  std::string refusal_message_;
  int drops_ = 0;
  int watches_ = 0;
  int gone_ = 0;
  RawServer server_;  // last: its threads use what stands above
};

}  // namespace heapwatch
