// The page's files, as they were embedded: gzip'd, with a strict policy on what they may load.
#include <algorithm>
#include <array>
#include <string>

#include "analysis/profile/inflate.h"
#include "watcher/api/handlers.h"
#include "watcher/api/reply.h"
#include "watcher/web/web_files.h"

namespace heapwatch {
namespace {

constexpr std::array<std::string_view, 8> kViews = {"/",         "/leaks",  "/site",    "/diff",
                                                    "/snapshot", "/alerts", "/targets", "/status"};
constexpr std::size_t kMostBytes = 16U << 20;  // of one file

// Scripts and styles of its own and nothing else; no text may become a script.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'";

const WebFile* Find(std::string_view path) {
  const bool is_view = std::find(kViews.begin(), kViews.end(), path) != kViews.end();
  const auto files = WebFiles();
  const auto found = std::find_if(files.begin(), files.end(), [&](const WebFile& file) {
    return file.path == (is_view ? std::string_view("/index.html") : path);
  });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

std::optional<HttpResponse> PageFile(const HttpRequest& request) {
  const WebFile* file = Find(request.path);
  if (file == nullptr) return std::nullopt;
  HttpResponse response;
  response.content_type = file->content_type;
  response.headers = {
      {"content-security-policy", std::string(kPolicy)},
      {"etag", std::string(file->etag)},
      {"vary", "accept-encoding"},
      // A file with a hash in its name never changes; of the others the browser asks each time.
      {"cache-control", file->is_immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (Get(request.headers, "if-none-match") == file->etag) {
    response.status = 304;
    return response;
  }
  if (AcceptsGzip(request)) {
    response.headers["content-encoding"] = "gzip";
    response.body = file->gzip;
  } else {
    response.body = Inflater().Inflate(file->gzip, kMostBytes).value_or(std::string_view());
  }
  return response;
}

}  // namespace heapwatch
