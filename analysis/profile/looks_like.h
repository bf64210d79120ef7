// What bytes that are no heap profile look like, for the person who has to find out why the target
// served them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace heapwatch {

// True if the bytes may be a pprof protobuf message: the first field is one of its own, with the
// wire type it must have.
bool LooksLikePprof(std::string_view bytes);

// "an HTML page (\"Sign in\"): is there a login or a proxy in between?", "JSON: {\"error\": ...",
// "text: 404 page not found".
std::string LooksLike(std::string_view bytes);

}  // namespace heapwatch
