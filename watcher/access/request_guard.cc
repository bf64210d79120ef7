#include "watcher/access/request_guard.h"

namespace heapwatch {
namespace {

bool ChangesNothing(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

}  // namespace

bool IsPush(const HttpRequest& request) {
  return request.method == "POST" &&
         (request.path == "/api/v1/profiles" || request.path == "/ingest");
}

bool MayServe(Role role, const HttpRequest& request) {
  switch (role) {
    case Role::kReadOnly:
      return ChangesNothing(request);
    case Role::kPush:
      return IsPush(request);
    case Role::kAdmin:
      return true;
  }
  return false;
}

bool IsForged(const HttpRequest& request, std::string_view external_authority) {
  if (ChangesNothing(request)) return false;
  const std::string_view site = Get(request.headers, "sec-fetch-site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  std::string_view origin = Get(request.headers, "origin");
  if (origin.empty()) return false;
  origin.remove_prefix(origin.find("://") == std::string_view::npos ? 0 : origin.find("://") + 3);
  return origin != Get(request.headers, "host") && origin != external_authority;
}

}  // namespace heapwatch
