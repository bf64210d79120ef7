#include "watcher/api/reply.h"

#include <libdeflate.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "analysis/base/json.h"

namespace heapwatch {
namespace {

constexpr std::size_t kLeastToCompress = 1400;  // bytes: what fits one packet gains nothing
constexpr int kCompressionLevel = 3;            // a tree of 3,000 nodes in a few milliseconds

bool IsText(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type == "application/json" ||
         content_type == "image/svg+xml";
}

struct ErrorForm {
  int status;
  std::string_view type;  // Prometheus' names where it has one
};

ErrorForm FormOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return {400, "bad_data"};
    case ErrorCode::kNotFound:
      return {404, "not_found"};
    case ErrorCode::kLimit:
      return {422, "execution"};
    case ErrorCode::kTimeout:
      return {503, "timeout"};
    case ErrorCode::kUnavailable:
      return {503, "unavailable"};
    case ErrorCode::kWrongFormat:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      break;
  }
  return {500, "internal"};
}

void SetJson(HttpResponse& response, const boost::json::value& body) {
  response.content_type = "application/json";
  response.body = ToJson(body) + "\n";
}

void SetError(HttpResponse& response, std::string_view type, std::string_view message) {
  SetJson(response,
          boost::json::object{{"status", "error"}, {"errorType", type}, {"error", message}});
}

std::string_view TypeOfRefusal(int status) {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 405:
      return "method_not_allowed";
    case 429:
      return "too_many_requests";
    default:
      return "bad_data";
  }
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

HttpResponse JsonReply(boost::json::value data) {
  HttpResponse response;
  SetJson(response, boost::json::object{{"status", "success"}, {"data", std::move(data)}});
  return response;
}

HttpResponse ErrorReply(const Error& error) {
  const ErrorForm form = FormOf(error.code);
  HttpResponse response;
  response.status = form.status;
  SetError(response, form.type, error.message);
  return response;
}

// It may be asked for from anywhere, so it brings its few colours along.
constexpr const char* kNoSuchPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>No such page · Heapwatch</title>
<style>
  body { margin: 15vh auto; max-width: 32rem; padding: 0 1rem; text-align: center;
         font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif;
         background: #f7f7f5; color: #5b646d; }
  h1, a { color: #1c2126; }
  a { display: inline-block; border: 1px solid; border-radius: 6px; padding: 0.3rem 0.8rem;
      text-decoration: none; }
  @media (prefers-color-scheme: dark) {
    body { background: #101315; color: #9aa4ae; }
    h1, a { color: #e9ecef; }
  }
</style>
<h1>No such page</h1>
<p>Heapwatch has nothing at this address.</p>
<p><a href="ROOT">Go to its first page</a></p>
</html>
)";

HttpResponse NoSuchAddress(const HttpRequest& request, const std::string& message) {
  const bool is_for_a_browser =
      Get(request.headers, "accept").find("text/html") != std::string_view::npos;
  if (!is_for_a_browser || request.path.starts_with("/api/"))
    return ErrorReply({ErrorCode::kNotFound, message});
  // Relative, as a proxy may have taken a prefix off.
  std::string root = "./";
  for (auto slashes = std::count(request.path.begin(), request.path.end(), '/'); slashes > 1;
       --slashes)
    root += "../";
  HttpResponse response;
  response.status = 404;
  response.content_type = "text/html; charset=utf-8";
  response.body = kNoSuchPage;
  response.body.replace(response.body.find("ROOT"), 4, root);
  return response;
}

void PutInEnvelope(HttpResponse& refusal) {
  std::string message = std::move(refusal.body);
  while (message.ends_with('\n')) message.pop_back();
  SetError(refusal, TypeOfRefusal(refusal.status), message);
}

HttpResponse FileReply(std::string content_type, std::string file_name, std::string body) {
  std::replace_if(
      file_name.begin(), file_name.end(), [](char c) { return !IsPlain(c); }, '_');
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.headers["content-disposition"] = "attachment; filename=\"" + file_name + "\"";
  response.body = std::move(body);
  return response;
}

bool AcceptsGzip(const HttpRequest& request) {
  // RFC 9110: codings with commas between, each with a weight, of which 0 refuses.
  static const RE2 kCoding(R"((?i)\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([0-9.]+)\s*)?)");
  std::string_view rest = Get(request.headers, "accept-encoding");
  bool takes_any = false;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    std::string coding;
    std::string weight;  // "" for none
    if (!RE2::FullMatch({item.data(), item.size()}, kCoding, &coding, &weight)) continue;
    const bool is_taken = weight.empty() || weight.find_first_not_of("0.") != std::string::npos;
    if (coding != "*") return is_taken;
    takes_any = is_taken;
  }
  return takes_any;
}

void Compress(const HttpRequest& request, HttpResponse& response) {
  if (!IsText(response.content_type) || response.headers.contains("content-encoding")) return;
  response.headers.emplace("vary", "accept-encoding");
  if (response.body.size() < kLeastToCompress || !AcceptsGzip(request)) return;
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(kCompressionLevel), libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), response.body.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), response.body.data(), response.body.size(),
                                      out.data(), out.size()));
  response.body = std::move(out);
  response.headers["content-encoding"] = "gzip";
}

}  // namespace heapwatch
