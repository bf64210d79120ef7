#include "watcher/push/multipart.h"

namespace heapwatch {
namespace {

constexpr std::size_t kMostFields = 16;

tl::unexpected<Error> Bad(std::string what) {
  return Fail(ErrorCode::kInvalidArgument, "not a form: " + std::move(what));
}

// The value of `name="..."` or name=... in a header; "" where there is none.
std::string Attribute(std::string_view header, std::string_view name) {
  const std::string wanted = std::string(name) + '=';
  for (std::size_t at = header.find(wanted); at != std::string_view::npos;
       at = header.find(wanted, at + 1)) {
    // `filename=` ends with `name=`, too.
    if (at > 0 && header[at - 1] != ' ' && header[at - 1] != ';') continue;
    std::string_view value = header.substr(at + wanted.size());
    if (value.starts_with('"')) {
      value.remove_prefix(1);
      return std::string(value.substr(0, value.find('"')));
    }
    return std::string(value.substr(0, value.find_first_of("; \r\n")));
  }
  return "";
}

}  // namespace

Result<std::map<std::string, std::string_view, std::less<>>> ParseMultipart(
    std::string_view content_type, std::string_view body) {
  const std::string boundary = Attribute(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 70) return Bad("its Content-Type names no boundary");
  const std::string delimiter = "\r\n--" + boundary;
  std::map<std::string, std::string_view, std::less<>> fields;
  // The first delimiter may stand at the very beginning, without a line end before it.
  std::size_t at = body.starts_with(std::string_view(delimiter).substr(2)) ? delimiter.size() - 2
                                                                           : std::string_view::npos;
  if (at == std::string_view::npos) {
    at = body.find(delimiter);
    if (at == std::string_view::npos) return Bad("its boundary does not appear in it");
    at += delimiter.size();
  }
  while (!body.substr(at).starts_with("--")) {
    const std::size_t header_end = body.find("\r\n\r\n", at);
    const std::size_t end = header_end == std::string_view::npos
                                ? std::string_view::npos
                                : body.find(delimiter, header_end + 2);
    if (end == std::string_view::npos) return Bad("it breaks off");
    if (fields.size() == kMostFields) return Bad("it has more than 16 fields");
    const std::size_t begin = header_end + 4;
    fields.emplace(Attribute(body.substr(at, header_end - at), "name"),
                   end < begin ? std::string_view() : body.substr(begin, end - begin));
    at = end + delimiter.size();
  }
  return fields;
}

}  // namespace heapwatch
