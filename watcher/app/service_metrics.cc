#include "watcher/app/service_metrics.h"

#include <prometheus/text_serializer.h>

#include <filesystem>
#include <map>
#include <utility>

#include "watcher/app/process_stats.h"
#include "watcher/net/version.h"

namespace heapwatch {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

const prometheus::Histogram::BucketBoundaries kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,    2.5,   5,    10,  30};

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const char* name,
                                    const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, kSeconds);
}

// A family put together at the moment it is asked for.
class Readings {
 public:
  Readings(MetricType type, std::string name, std::string help)
      : family_{std::move(name), std::move(help), type, {}} {}

  Readings& Add(const Labels& labels, double value) {
    ClientMetric metric;
    for (const auto& [label, text] : labels) metric.label.push_back({label, text});
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  Readings& Add(double value) { return Add({}, value); }
  MetricFamily Take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

void AppendTargets(const std::vector<TargetStatus>& targets, std::vector<MetricFamily>& out) {
  Readings up(MetricType::Gauge, "heapwatch_target_up",
              "Whether the last scrape of the target brought a heap profile.");
  Readings duration(MetricType::Gauge, "heapwatch_target_last_scrape_duration_seconds",
                    "How long the last scrape of the target took.");
  Readings bytes(MetricType::Gauge, "heapwatch_target_last_body_bytes",
                 "Size of the last heap profile as it came over the wire.");
  Readings stopped(MetricType::Gauge, "heapwatch_targets_stopped",
                   "Targets that are not scraped because somebody stopped it.");
  Readings stretched(MetricType::Gauge, "heapwatch_targets_stretched",
                     "Targets that are scraped less often than configured, by reason.");
  std::map<StretchReason, int> stretched_targets = {{StretchReason::kServing, 0},
                                                    {StretchReason::kBytes, 0},
                                                    {StretchReason::kTotalBytes, 0},
                                                    {StretchReason::kFailing, 0}};
  std::size_t lost = 0;
  std::size_t stopped_targets = 0;
  for (const TargetStatus& target : targets) {
    if (target.lost)
      ++lost;
    else if (target.stopped)
      ++stopped_targets;
    if (target.lost || target.stopped || !target.last_scrape) continue;
    if (target.pace.reason != StretchReason::kNone) ++stretched_targets[target.pace.reason];
    up.Add(target.labels, target.up ? 1 : 0);
    duration.Add(target.labels, Seconds(target.last_scrape_duration));
    if (target.last_body_bytes)
      bytes.Add(target.labels, static_cast<double>(*target.last_body_bytes));
  }
  Readings count(MetricType::Gauge, "heapwatch_targets", "Targets that are watched.");
  count.Add(static_cast<double>(targets.size() - lost));
  stopped.Add(static_cast<double>(stopped_targets));
  for (const auto& [reason, number] : stretched_targets)
    stretched.Add({{"reason", std::string(ToString(reason))}}, number);
  for (Readings* readings : {&count, &stopped, &stretched, &up, &duration, &bytes})
    out.push_back(readings->Take());
}

// What targets tell of their processes.
void AppendProcesses(const std::vector<TargetStatus>& targets, std::vector<MetricFamily>& out) {
  Readings limit(MetricType::Gauge, "heapwatch_target_memory_limit_bytes",
                 "Memory limit of the target's process, where one is known.");
  Readings resident(MetricType::Gauge, "heapwatch_target_resident_memory_bytes",
                    "Resident memory of the target's process, as its own metrics tell.");
  Readings gc(
      MetricType::Gauge, "heapwatch_target_gc_cpu_ratio",
      "Share of the CPU of the target's process that its garbage collector takes, as its own "
      "metrics tell.");
  Readings started(MetricType::Gauge, "heapwatch_target_start_time_seconds",
                   "Start of the target's process, Unix time, as its own metrics tell.");
  for (const TargetStatus& target : targets) {
    if (target.lost || target.stopped) continue;
    if (target.memory_limit_bytes)
      limit.Add(target.labels, static_cast<double>(*target.memory_limit_bytes));
    if (!target.process) continue;
    if (target.process->resident_bytes)
      resident.Add(target.labels, static_cast<double>(*target.process->resident_bytes));
    if (target.gc_cpu_share) gc.Add(target.labels, *target.gc_cpu_share);
    if (target.process->started)
      started.Add(target.labels, ToUnixSeconds(*target.process->started));
  }
  for (Readings* readings : {&limit, &resident, &gc, &started}) out.push_back(readings->Take());
}

void AppendScrapeMemory(const ByteBudget::Usage& usage, std::vector<MetricFamily>& out) {
  out.push_back(Readings(MetricType::Gauge, "heapwatch_scrape_in_flight_bytes",
                         "Memory of the heap profiles that are being fetched and read.")
                    .Add(static_cast<double>(usage.bytes))
                    .Take());
  out.push_back(Readings(MetricType::Gauge, "heapwatch_scrapes_waiting_for_memory",
                         "Scrapes that wait for global.scrape_budget.bytes_in_flight.")
                    .Add(static_cast<double>(usage.waiting))
                    .Take());
}

void AppendDiscovery(const std::vector<DiscoveryStatus>& statuses, const TargetPlan& plan,
                     std::vector<MetricFamily>& out) {
  Readings found(MetricType::Gauge, "heapwatch_sd_targets",
                 "Targets that discovery has found, before relabelling.");
  Readings failures(MetricType::Counter, "heapwatch_sd_failures_total",
                    "Looks for targets that failed in part or whole.");
  Readings successful(
      MetricType::Gauge, "heapwatch_sd_last_look_successful",
      "Whether the last look for targets went well; if not, those found before stay.");
  // A job may have several of one mechanism.
  std::map<Labels, DiscoveryStatus> sums;
  for (const DiscoveryStatus& status : statuses) {
    DiscoveryStatus& sum = sums[{{"job", status.job}, {"mechanism", status.mechanism}}];
    sum.targets += status.targets;
    sum.failures += status.failures;
    sum.error += status.error;
  }
  for (const auto& [labels, sum] : sums) {
    found.Add(labels, static_cast<double>(sum.targets));
    failures.Add(labels, static_cast<double>(sum.failures));
    successful.Add(labels, sum.error.empty() ? 1 : 0);
  }
  Readings dropped(MetricType::Gauge, "heapwatch_targets_dropped",
                   "Targets that were found and are not watched, by reason.");
  Readings over(MetricType::Gauge, "heapwatch_target_limit_exceeded",
                "Whether the job has more targets than its target_limit and is not scraped.");
  for (const JobTargets& job : plan.jobs) {
    for (const auto& [reason, number] : job.dropped)
      dropped.Add({{"job", job.job}, {"reason", std::string(ToString(reason))}},
                  static_cast<double>(number));
    over.Add({{"job", job.job}}, job.is_over_limit ? 1 : 0);
  }
  for (Readings* readings : {&found, &failures, &successful, &dropped, &over})
    out.push_back(readings->Take());
}

void AppendNotifiers(const std::vector<NotifierStatus>& notifiers, std::vector<MetricFamily>& out) {
  Readings sent(MetricType::Counter, "heapwatch_notifications_sent_total",
                "Alerts taken by a receiver.");
  Readings dropped(MetricType::Counter, "heapwatch_notifications_dropped_total",
                   "Alerts dropped because the queue was full.");
  Readings refused(MetricType::Counter, "heapwatch_notifications_refused_total",
                   "Alerts of batches a receiver refused.");
  Readings failed(MetricType::Counter, "heapwatch_notifications_failed_total",
                  "Attempts to deliver alerts that failed.");
  Readings queued(MetricType::Gauge, "heapwatch_notifications_queued",
                  "Alerts that wait to be delivered.");
  for (const NotifierStatus& notifier : notifiers) {
    const Labels labels = {{"receiver", notifier.url}};
    sent.Add(labels, static_cast<double>(notifier.sent));
    dropped.Add(labels, static_cast<double>(notifier.dropped));
    refused.Add(labels, static_cast<double>(notifier.refused));
    failed.Add(labels, static_cast<double>(notifier.errors));
    queued.Add(labels, static_cast<double>(notifier.queued));
  }
  for (Readings* readings : {&sent, &dropped, &refused, &failed, &queued})
    out.push_back(readings->Take());
}

void AppendAlerts(const std::vector<AlertView>& alerts, std::vector<MetricFamily>& out) {
  std::map<AlertPhase, int> counts = {
      {AlertPhase::kPending, 0}, {AlertPhase::kFiring, 0}, {AlertPhase::kResolved, 0}};
  for (const AlertView& alert : alerts) ++counts[alert.phase];
  Readings readings(MetricType::Gauge, "heapwatch_alerts", "Alerts by their state.");
  for (const auto& [phase, count] : counts)
    readings.Add({{"state", std::string(ToString(phase))}}, count);
  out.push_back(readings.Take());
}

void AppendProcess(std::vector<MetricFamily>& out) {
  const auto stats = ReadProcessStats();
  if (!stats) return;
  const auto add = [&](MetricType type, const char* name, const char* help, double value) {
    out.push_back(Readings(type, name, help).Add(value).Take());
  };
  add(MetricType::Counter, "process_cpu_seconds_total", "User and system CPU time spent.",
      stats->cpu_seconds);
  add(MetricType::Gauge, "process_start_time_seconds", "Start of the process, Unix time.",
      stats->start_time_unix_seconds);
  add(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory.",
      static_cast<double>(stats->resident_bytes));
  add(MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory.",
      static_cast<double>(stats->virtual_bytes));
  add(MetricType::Gauge, "process_threads", "Threads.", static_cast<double>(stats->threads));
  add(MetricType::Gauge, "process_open_fds", "Open file descriptors.",
      static_cast<double>(stats->open_fds));
  add(MetricType::Gauge, "process_max_fds", "File descriptors that may be open.",
      static_cast<double>(stats->max_fds));
}

double BytesUnder(const std::string& path) {
  double total = 0;
  std::error_code code;
  // Files come and go while we look: what cannot be read any more counts for nothing.
  for (std::filesystem::recursive_directory_iterator it(path, code), end; !code && it != end;
       it.increment(code)) {
    std::error_code file_code;
    const auto size = it->is_regular_file(file_code) ? it->file_size(file_code) : 0;
    if (!file_code) total += static_cast<double>(size);
  }
  return total;
}

}  // namespace

ServiceMetrics::ServiceMetrics(std::string storage_path)
    : storage_path_(std::move(storage_path)),
      scrapes_(AddCounter(registry_, "heapwatch_scrapes_total", "Scrapes, successful or not.")),
      scrape_failures_(prometheus::BuildCounter()
                           .Name("heapwatch_scrape_failures_total")
                           .Help("Scrapes that brought nothing, by reason.")
                           .Register(registry_)),
      scrape_duration_(AddHistogram(registry_, "heapwatch_scrape_duration_seconds",
                                    "How long targets took to serve their heap profiles.")),
      scraped_bytes_(AddCounter(registry_, "heapwatch_scraped_bytes_total",
                                "Bytes of heap profiles as they came over the wire.")),
      evaluation_duration_(AddHistogram(registry_, "heapwatch_evaluation_duration_seconds",
                                        "How long it took to judge all targets.")),
      last_evaluation_(AddGauge(registry_, "heapwatch_last_evaluation_timestamp_seconds",
                                "When all targets were judged last, Unix time.")),
      evaluation_failures_(AddCounter(registry_, "heapwatch_evaluation_failures_total",
                                      "Targets whose history could not be judged.")),
      alerts_left_out_(
          AddGauge(registry_, "heapwatch_alerts_left_out",
                   "Problems that have no alert because there are too many alerts already.")),
      reload_successful_(AddGauge(registry_, "heapwatch_config_last_reload_successful",
                                  "Whether the last reload of the configuration succeeded.")),
      last_reload_(AddGauge(registry_, "heapwatch_config_last_reload_success_timestamp_seconds",
                            "When the configuration in force was loaded, Unix time.")),
      task_failures_(AddCounter(registry_, "heapwatch_task_failures_total",
                                "Background tasks that broke; the first stops the service.")),
      snapshots_dropped_(prometheus::BuildCounter()
                             .Name("heapwatch_store_snapshots_dropped_total")
                             .Help("Stored snapshots that went: for their age, to thin out old "
                                   "history, for want of room.")
                             .Register(registry_)),
      out_of_room_(AddGauge(registry_, "heapwatch_store_out_of_room",
                            "Whether new snapshots are refused because the disk is full.")),
      web_config_successful_(AddGauge(registry_, "heapwatch_web_config_last_reload_successful",
                                      "Whether the files of --web.config.file are all in force.")),
      web_refusals_(prometheus::BuildCounter()
                        .Name("heapwatch_web_refusals_total")
                        .Help("Requests that were not let in, by reason.")
                        .Register(registry_)) {
  web_config_successful_.Set(1);
  for (const char* reason : {"unauthenticated", "busy", "forbidden", "foreign_page"})
    web_refusals_.Add({{"reason", reason}});
  for (const char* reason : {"age", "thinned", "room"})
    snapshots_dropped_.Add({{"reason", reason}});
  for (const auto code :
       {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kWrongFormat,
        ErrorCode::kCorrupt, ErrorCode::kLimit, ErrorCode::kTimeout, ErrorCode::kUnavailable})
    scrape_failures_.Add({{"reason", std::string(ToString(code))}});
  scrape_failures_.Add({{"reason", std::string(kStoreFailure)}});
  prometheus::BuildGauge()
      .Name("heapwatch_build_info")
      .Help("Version of this Heapwatch; the value is always 1.")
      .Register(registry_)
      .Add({{"version", std::string(Version())}, {"compiler", std::string(Compiler())}})
      .Set(1);
}

void ServiceMetrics::ObserveScrape(const ScrapeOutcome& outcome) {
  scrapes_.Increment();
  scrape_duration_.Observe(Seconds(outcome.duration));
  scraped_bytes_.Increment(static_cast<double>(outcome.body_bytes));
  if (!outcome.failure.empty())
    scrape_failures_.Add({{"reason", std::string(outcome.failure)}}).Increment();
}

void ServiceMetrics::ObserveEvaluation(Duration duration, Time at, std::size_t failed_targets) {
  evaluation_duration_.Observe(Seconds(duration));
  last_evaluation_.Set(ToUnixSeconds(at));
  evaluation_failures_.Increment(static_cast<double>(failed_targets));
}

void ServiceMetrics::ObserveAgeing(const AgeingReport& report) {
  const auto count = [&](const char* reason, std::size_t snapshots) {
    snapshots_dropped_.Add({{"reason", reason}}).Increment(static_cast<double>(snapshots));
  };
  count("age", report.dropped);
  count("thinned", report.thinned);
  count("room", report.dropped_for_room);
  out_of_room_.Set(report.is_out_of_room ? 1 : 0);
}

void ServiceMetrics::CountWebRefusal(std::string_view reason) {
  web_refusals_.Add({{"reason", std::string(reason)}}).Increment();
}

void ServiceMetrics::ObserveReload(bool ok, Time at) {
  reload_successful_.Set(ok ? 1 : 0);
  if (ok) last_reload_.Set(ToUnixSeconds(at));
}

std::vector<MetricFamily> ServiceMetrics::Collect(const ServiceStatus& status) const {
  std::vector<MetricFamily> families = registry_.Collect();
  AppendTargets(status.targets, families);
  AppendProcesses(status.targets, families);
  AppendScrapeMemory(status.scrape_memory, families);
  AppendDiscovery(status.discovery, *status.plan, families);
  AppendNotifiers(status.notifiers, families);
  AppendAlerts(status.alerts, families);
  families.push_back(
      Readings(MetricType::Gauge, "heapwatch_store_bytes", "Size of the store's files on disk.")
          .Add(BytesUnder(storage_path_))
          .Take());
  AppendProcess(families);
  return families;
}

std::string RenderMetrics(const std::vector<MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace heapwatch
