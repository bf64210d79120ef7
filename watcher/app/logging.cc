#include "watcher/app/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "analysis/base/utf8.h"
#include "analysis/profile/diff_format.h"

namespace heapwatch {
namespace {

// %*: the message with nothing in it that a terminal would obey. Names come from peers: none may
// look like a line of the log, so further lines are indented.
class TextMessageFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    constexpr std::string_view kNextLine = "\n  ";
    std::string_view rest(message.payload.data(), message.payload.size());
    while (true) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string line = Printable(rest.substr(0, end));
      out.append(line.data(), line.data() + line.size());
      if (end == rest.size()) return;
      out.append(kNextLine.data(), kNextLine.data() + kNextLine.size());
      rest.remove_prefix(end + 1);
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<TextMessageFlag>();
  }
};

// %*: the message as a JSON string, quotes and all.
class JsonMessageFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text(message.payload.data(), message.payload.size());
    const std::string quoted = boost::json::serialize(boost::json::string(ToUtf8(text)));
    out.append(quoted.data(), quoted.data() + quoted.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessageFlag>();
  }
};

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %*";
constexpr const char* kJsonPattern =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})";

}  // namespace

void SetUpLogging(LogFormat format, spdlog::level::level_enum level) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == LogFormat::kJson) {
    formatter->add_flag<JsonMessageFlag>('*').set_pattern(kJsonPattern);
  } else {
    formatter->add_flag<TextMessageFlag>('*').set_pattern(kTextPattern);
  }
  auto logger = std::make_shared<spdlog::logger>(
      "heapwatch", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_formatter(std::move(formatter));
  logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace heapwatch
