// Where tests find the files of the checkout and what was built from it. Alone in knowing both, so
// that every other object is the same in every checkout and a compiler cache serves them all.
#pragma once

#include <filesystem>

namespace heapwatch {

std::filesystem::path InSource(const std::filesystem::path& relative);
std::filesystem::path InBuild(const std::filesystem::path& relative);

}  // namespace heapwatch
