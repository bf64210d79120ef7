#include "watcher/net/url.h"

#include <boost/url/encode.hpp>
#include <boost/url/grammar/hexdig_chars.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <optional>

namespace heapwatch {
namespace {

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::string Bracketed(std::string host) {
  return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

std::string HttpUrl::authority() const {
  const bool is_default_port = port == (scheme == "https" ? 443 : 80);
  return is_default_port ? Bracketed(host) : endpoint();
}

std::string HttpUrl::endpoint() const { return Bracketed(host) + ':' + std::to_string(port); }

Result<HttpUrl> ParseHttpUrl(std::string_view text) {
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument,
                '"' + std::string(text) + "\" is not an address to call: " + std::string(what));
  };
  const auto parsed = boost::urls::parse_uri(text);
  if (parsed.has_error()) return bad("write it like http://host:port/path");
  HttpUrl url;
  url.scheme = std::string(parsed->scheme());
  if (url.scheme != "http" && url.scheme != "https") return bad("the scheme must be http or https");
  if (parsed->has_userinfo()) return bad("a user name has no place in it");
  url.host = parsed->host_address();
  if (url.host.empty()) return bad("the host is missing");
  url.port = url.scheme == "https" ? 443 : 80;
  if (parsed->has_port() && !parsed->port().empty()) {
    const auto port = ParsePort(parsed->port());
    if (!port || *port == 0) return bad("the port must be between 1 and 65535");
    url.port = *port;
  }
  url.target = std::string(parsed->encoded_path());
  if (url.target.empty()) url.target = "/";
  if (parsed->has_query()) url.target += '?' + std::string(parsed->encoded_query());
  return url;
}

std::string DescribeBadTarget(std::string_view target) {
  if (!target.starts_with('/')) return "the target must be a path";
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (boost::urls::pchars(static_cast<unsigned char>(c)) || c == '/' || c == '?') continue;
    const std::string place = "character " + std::to_string(i + 1) + " of the address, ";
    if (c != '%') {
      const std::string shown = c > ' ' && c <= '~' ? std::string(1, c) : "which is not printable";
      return place + shown + ", must be written " +
             boost::urls::encode(std::string_view(&c, 1), boost::urls::unreserved_chars) +
             "; `curl -G --data-urlencode` writes it so";
    }
    const auto is_digit = [&](std::size_t at) {
      return at < target.size() && boost::urls::grammar::hexdig_chars(target[at]);
    };
    if (!is_digit(i + 1) || !is_digit(i + 2))
      return place + "%, must be followed by two hexadecimal digits; a % itself is written %25";
  }
  return "the target must be a path";
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const auto bad = [&] {
    return Fail(ErrorCode::kInvalidArgument,
                '"' + std::string(text) + "\" is not an address to listen on: write it like " +
                    "127.0.0.1:9199, [::1]:9199 or :9199");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  const auto port = ParsePort(text.substr(colon + 1));
  if (!port) return bad();
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad();
  return ListenAddress{std::string(host), *port};
}

}  // namespace heapwatch
