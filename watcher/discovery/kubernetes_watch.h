// Follows the objects of one kind in a Kubernetes API server: lists them all, then watches for
// changes from the version of that list on.
//
// A watch that ends or breaks is taken up where it was; where the server has forgotten that version
// (410 Gone) everything is listed anew. Failures are told and tried again after a wait that doubles
// up to half a minute. Lists are taken in pages of 500. One coroutine at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "analysis/base/error.h"
#include "config/kubeconfig.h"
#include "watcher/net/http_client.h"

namespace heapwatch {

struct KubernetesCollection {
  std::string path;  // "/api/v1/namespaces/shop/pods"
  std::string label_selector;
  std::string field_selector;
};

// What becomes of the objects. Of a list, `begin`, a `put` for each and `end`, upon which what was
// not put is gone; of a watch, `put` and `remove`.
struct KubernetesSink {
  std::function<void()> begin;
  std::function<void(const boost::json::value&)> put;
  std::function<void(const boost::json::value&)> remove;
  std::function<void()> end;
  // What is wrong; "" once it is well again.
  std::function<void(const std::string&)> tell;
};

class KubernetesWatch {
 public:
  // Long lists are read on `cpu`.
  KubernetesWatch(KubernetesCollection collection, std::function<Result<KubernetesAccess>()> access,
                  const HttpClient& client, boost::asio::any_io_executor cpu, KubernetesSink sink,
                  Duration first_wait);

  boost::asio::awaitable<void> Run();

 private:
  boost::asio::awaitable<Result<void>> List();
  boost::asio::awaitable<Result<void>> Watch();
  Result<HttpCall> MakeCall(const std::string& query) const;
  // The items of a page; where it ended, in `continue_`.
  Result<void> TakePage(const boost::json::value& page);
  Result<void> TakeEvent(std::string_view line);
  Error Name(const Error& error) const { return error.In(collection_.path); }

  const KubernetesCollection collection_;
  const std::function<Result<KubernetesAccess>()> access_;
  const HttpClient& client_;
  const boost::asio::any_io_executor cpu_;
  const KubernetesSink sink_;
  const Duration first_wait_;
  std::string version_;   // of what was told last; "" where everything must be listed
  std::string continue_;  // the next page of a list
};

}  // namespace heapwatch
