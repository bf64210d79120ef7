// Takes a body of type multipart/form-data apart, as RFC 7578 has it. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "analysis/base/error.h"

namespace heapwatch {

// The fields by name, as views into `body`; of two with one name the first. kInvalidArgument says
// what is wrong.
Result<std::map<std::string, std::string_view, std::less<>>> ParseMultipart(
    std::string_view content_type, std::string_view body);

}  // namespace heapwatch
