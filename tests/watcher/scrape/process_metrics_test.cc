#include "watcher/scrape/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace heapwatch {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto parsed = ParseProcessMetrics(text);
  return parsed ? "" : parsed.error().message;
}

TEST(ProcessMetrics, ReadsWhatAGoProgramSaysOfItself) {
  const auto metrics = ParseProcessMetrics(
      "# HELP go_gc_gomemlimit_bytes Go runtime memory limit.\n"
      "# TYPE go_gc_gomemlimit_bytes gauge\n"
      "go_gc_gomemlimit_bytes 2.147483648e+09\n"
      "go_gc_duration_seconds{quantile=\"0.5\"} 5.1e-05\n"
      "http_requests_total{path=\"/a \\\"b\\\" {c}\", code=\"200\",} 3 1795348800000\n"
      "process_resident_memory_bytes 5.8720256e+07\r\n"
      "\n"
      "process_start_time_seconds 1.79534880025e+09\n"
      "process_cpu_seconds_total 12.5\n"
      "go_cpu_classes_gc_total_cpu_seconds_total 1.25\n"
      "go_memstats_gc_cpu_fraction 0.0125\n"
      "queue_wait +Inf\n"
      "queue_share NaN");
  ASSERT_TRUE(metrics) << metrics.error().message;
  EXPECT_EQ(metrics->memory_limit_bytes, std::int64_t{2} << 30);
  EXPECT_EQ(metrics->resident_bytes, 56 << 20);
  EXPECT_EQ(metrics->cpu_seconds, 12.5);
  EXPECT_EQ(metrics->gc_cpu_seconds, 1.25);
  EXPECT_EQ(metrics->gc_cpu_fraction, 0.0125);
  EXPECT_EQ(metrics->started, FromUnixMillis(1'795'348'800'250));
}

TEST(ProcessMetrics, KnowsNothingWhereThereIsNothingOrMoreThanOne) {
  EXPECT_EQ(ParseProcessMetrics("").value(), ProcessMetrics());
  EXPECT_EQ(ParseProcessMetrics("process_resident_memory_bytes{pid=\"1\"} 10\n"
                                "process_resident_memory_bytes{pid=\"2\"} 20\n"
                                "process_start_time_seconds NaN\n"
                                "go_gc_gomemlimit_bytes 9.223372036854776e+18\n")
                .value(),
            ProcessMetrics());
  EXPECT_EQ(ParseProcessMetrics("process_start_time_seconds 1e+17\n").value(), ProcessMetrics());
}

TEST(ProcessMetrics, TellsTheShareOfTheCollectorBetweenTwoLooks) {
  const auto at = [](double cpu, double gc) {
    ProcessMetrics metrics;
    metrics.cpu_seconds = cpu;
    metrics.gc_cpu_seconds = gc;
    metrics.gc_cpu_fraction = 0.5;
    return metrics;
  };
  EXPECT_DOUBLE_EQ(*GcCpuShare(at(100, 10), at(110, 12.5)), 0.25);
  EXPECT_DOUBLE_EQ(*GcCpuShare(at(100, 10), at(110, 30)), 1);
  // Since its start: at the first look, after a restart, where it tells nothing else.
  EXPECT_DOUBLE_EQ(*GcCpuShare(std::nullopt, at(110, 12)), 0.5);
  EXPECT_DOUBLE_EQ(*GcCpuShare(at(100, 10), at(1, 0.1)), 0.5);
  EXPECT_EQ(GcCpuShare(at(100, 10), ProcessMetrics()), std::nullopt);
}

TEST(ProcessMetrics, RefusesWhatIsNotTheTextFormatAndNamesTheLine) {
  EXPECT_THAT(ErrorOf("up 1\n<html>"), HasSubstr("line 2: expected the name of a metric"));
  EXPECT_THAT(ErrorOf("up"), HasSubstr("line 1: expected a number"));
  EXPECT_THAT(ErrorOf("up one"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("up 1 2 3"), HasSubstr("expected the end of the line"));
  EXPECT_THAT(ErrorOf("up 1 soon"), HasSubstr("expected a timestamp"));
  for (const char* labels : {"{a}", "{a=b}", "{a=\"b}", "{a=\"b\\\"}", "{a=\"b\" c=\"d\"}", "{,}",
                             "{a=\"b\"", "{1=\"b\"}"})
    EXPECT_THAT(ErrorOf("up" + std::string(labels) + " 1"), HasSubstr("expected labels"));
}

}  // namespace
}  // namespace heapwatch
