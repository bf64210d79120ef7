// The page as vite built it from src/: the files to serve, embedded in the binary. Plain data that
// lives as long as the program; any thread.
#pragma once

#include <span>
#include <string_view>

namespace heapwatch {

struct WebFile {
  std::string_view path;  // "/index.html", "/assets/index-3f2a9c01.js"
  std::string_view content_type;
  std::string_view etag;      // with its quotes
  bool is_immutable = false;  // whether the path changes with the content
  std::string_view gzip;      // the content, compressed
};

std::span<const WebFile> WebFiles();

}  // namespace heapwatch
