// Which Heapwatch this is: for the User-Agent, the logs, `heapwatch --version` and
// heapwatch_build_info.
#pragma once

#include <string_view>

namespace heapwatch {

std::string_view Version();   // "0.1.0"
std::string_view Compiler();  // "g++ 12.2.0"

}  // namespace heapwatch
