// Sets up the process' log, spdlog's default logger, on standard error.
#pragma once

#include <string>

#include "analysis/base/error.h"

namespace heapwatch {

enum class LogFormat {
  kText,  // 2026-01-31T12:00:00.000Z info    target {...} is up
  kJson,  // {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"target {...} is up"}
};

// `level` is one of debug, info, warn, error.
void SetUpLogging(LogFormat format, const std::string& level);

}  // namespace heapwatch
