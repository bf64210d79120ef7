// Sets up the process' log, spdlog's default logger, on standard error. Names come from peers:
// control characters are shown as "?", and only what begins with a time begins an entry.
#pragma once

#include <spdlog/common.h>

namespace heapwatch {

enum class LogFormat {
  kText,  // 2026-01-31T12:00:00.000Z info    target {...} is up
  kJson,  // {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"target {...} is up"}
};

void SetUpLogging(LogFormat format, spdlog::level::level_enum level);

}  // namespace heapwatch
