// What the parts of the store's bench share.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>

#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/series_json.h"

namespace heapwatch {

inline Time Minute(std::size_t n) {
  return FromUnixMillis(1'700'000'000'000 + static_cast<std::int64_t>(n) * 60'000);
}

inline void Must(const Result<void>& result) {
  if (result) return;
  std::cerr << result.error().message << '\n';
  std::exit(1);
}

template <class T>
T Must(Result<T> result) {
  if (!result) Must(Result<void>(Fail(result.error())));
  return std::move(*result);
}

// CPU time of this process, all threads.
double CpuSeconds();
// CPU seconds of the best of several runs.
double Best(int runs, const std::function<void()>& work);

std::uintmax_t BytesOf(const std::string& directory);
std::string ReadFile(const std::filesystem::path& path);

// The profiles of a series document, one after the other. It tells sites, not stacks: each site
// becomes a stack of one frame.
void ForEachProfile(const SeriesDocument& document,
                    const std::function<void(Time time, const HeapProfile& profile)>& use);

// Calls `use` with each document in the directory.
void ForEachDocument(const std::filesystem::path& directory,
                     const std::function<void(const SeriesDocument&)>& use);

// The tables.
void PrintAtRest();
void PrintOthersAtRest();
void PrintSpeed();
void PrintGrowth();
void PrintMemory();

}  // namespace heapwatch
