#include "watcher/app/service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "alerting/site_gauges.h"
#include "alerting/webhook_payload.h"
#include "watcher/api/read_views.h"
#include "watcher/app/background_thread.h"
#include "watcher/app/describe.h"
#include "watcher/app/evaluation_loop.h"
#include "watcher/app/history_ageing.h"
#include "watcher/app/service_metrics.h"
#include "watcher/app/settings.h"
#include "watcher/app/stored_acks.h"
#include "watcher/app/stored_scrape_stops.h"
#include "watcher/app/watch_list.h"
#include "watcher/app/web_front.h"
#include "watcher/net/connection_pool.h"
#include "watcher/net/version.h"
#include "watcher/notify/alertmanager_notifier.h"
#include "watcher/notify/webhook_notifier.h"
#include "watcher/push/pushed_targets.h"
#include "watcher/scrape/scraper.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// Together below the five seconds in which the service is to be gone.
constexpr milliseconds kServerGrace(1000);
constexpr milliseconds kDiscoveryGrace(500);
constexpr milliseconds kScraperGrace(1000);
constexpr milliseconds kTasksGrace(1000);
constexpr milliseconds kNotifierGrace(700);
constexpr milliseconds kWebhookGrace(300);

std::size_t CpuThreads() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace

class Service::Impl : public ReadViews {
 public:
  Impl(ServiceOptions options, std::shared_ptr<const Settings> settings,
       std::unique_ptr<Store> store, std::function<void()> on_broken);

  Result<void> Start();
  Result<void> Reload();
  void Stop();
  std::uint16_t port() const { return front_->port(); }

  Time Now() const override { return clock_.Now(); }
  const std::string& external_url() const override { return front_->external_url(); }
  bool Ready() const override { return !stopping_ && evaluation_ && evaluation_->has_evaluated(); }
  const Store& store() const override { return *store_; }
  std::shared_ptr<const Config> config() const override { return settings()->config; }
  std::shared_ptr<const SiteAttributor> attributor() const override {
    return settings()->attributor;
  }
  std::vector<TargetStatus> Targets() const override;
  std::shared_ptr<const TargetPlan> Plan() const override { return watch_list_.Plan(); }
  std::vector<DiscoveryStatus> DiscoveryStatuses() const override {
    return watch_list_.DiscoveryStatuses();
  }
  std::shared_ptr<const Evaluation> LatestEvaluation() const override {
    return evaluation_->Latest();
  }
  std::vector<AlertView> Alerts() const override { return evaluation_->Alerts(); }
  std::vector<AlertChange> AlertHistory() const override { return evaluation_->AlertHistory(); }
  AckBook Acks() const override { return acks_.Book(); }
  std::vector<ScrapeStop> ScrapeStops() const override { return scrape_stops_.All(); }
  std::string Metrics() const override;

 private:
  std::shared_ptr<const Settings> settings() const;
  ScraperParts MakeScraperParts();
  WatchListParts MakeWatchListParts();
  EvaluationParts MakeEvaluationParts();
  WebFrontParts MakeWebFrontParts();
  HistoryAgeingParts MakeHistoryAgeingParts();
  TaskGroup::OnFailure OnFailure();
  std::shared_ptr<const Settings> SettingsWithPushed();
  Retention RetentionNow();
  std::string WebhookDocument(const Alert& alert, std::size_t max_bytes) const;
  asio::awaitable<void> Evaluate();

  const ServiceOptions options_;
  const std::function<void()> on_broken_;
  const SystemClock clock_;
  mutable std::mutex settings_mutex_;
  std::shared_ptr<const Settings> settings_;  // guarded by settings_mutex_
  std::mutex reload_mutex_;                   // one reload at a time
  const std::unique_ptr<Store> store_;
  StoredAcks acks_{*store_, clock_};
  StoredScrapeStops scrape_stops_{*store_};
  ServiceMetrics metrics_;
  SiteGauges site_gauges_;
  std::atomic<bool> stopping_ = false;

  // Torn down from the last to the first; what still waits in `io_` goes with it.
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> io_work_{io_.get_executor()};
  asio::thread_pool cpu_{CpuThreads()};
  BackgroundThread judging_;
  BackgroundThread ageing_;
  HttpFetcher fetcher_;
  Scraper scraper_;
  WatchList watch_list_;
  PushedTargets pushed_;
  AlertmanagerNotifier notifier_;
  WebhookNotifier webhooks_;
  std::unique_ptr<EvaluationLoop> evaluation_;
  TaskGroup tasks_;
  std::unique_ptr<WebFront> front_;
  std::thread io_thread_;
};

Service::Impl::Impl(ServiceOptions options, std::shared_ptr<const Settings> settings,
                    std::unique_ptr<Store> store, std::function<void()> on_broken)
    : options_(std::move(options)),
      on_broken_(std::move(on_broken)),
      settings_(std::move(settings)),
      store_(std::move(store)),
      metrics_(options_.storage_path),
      scraper_(MakeScraperParts()),
      watch_list_(MakeWatchListParts()),
      pushed_(
          clock_,
          [this](const Labels& labels, Time time, const HeapProfile& profile) {
            return store_->Append(labels, time, profile);
          },
          [this](const Labels& labels) {
            const auto targets = this->settings()->targets;
            return std::any_of(targets.begin(), targets.end(),
                               [&](const Target& target) { return target.labels == labels; });
          }),
      notifier_(io_.get_executor(), {}, OnFailure()),
      webhooks_(
          io_.get_executor(), cpu_.get_executor(), {},
          [this](const Alert& alert, std::size_t max_bytes) {
            return WebhookDocument(alert, max_bytes);
          },
          OnFailure()),
      tasks_(io_.get_executor(), OnFailure()) {}

TaskGroup::OnFailure Service::Impl::OnFailure() {
  return [this](std::string_view task, std::string_view what) {
    spdlog::critical("{} broke, the service stops: {}", task, what);
    metrics_.CountTaskFailure();
    on_broken_();
  };
}

ScraperParts Service::Impl::MakeScraperParts() {
  return {.io = io_.get_executor(),
          .cpu = cpu_.get_executor(),
          .clock = clock_,
          .fetcher = fetcher_,
          .sink =
              [this](const Target& target, Time time, const HeapProfile& profile) {
                return store_->Append(target.labels, time, profile);
              },
          .observe = [this](const ScrapeOutcome& outcome) { metrics_.ObserveScrape(outcome); },
          .stop_of = [this](const Labels& target) { return scrape_stops_.Of(target); },
          .on_failure = OnFailure()};
}

WatchListParts Service::Impl::MakeWatchListParts() {
  return {.io = io_.get_executor(),
          .cpu = cpu_.get_executor(),
          .clock = clock_,
          .watch =
              [this](std::shared_ptr<const Settings> settings) {
                scraper_.SetBudget(settings->config->global.scrape_budget);
                scraper_.Apply(settings->targets);
                const std::scoped_lock lock(settings_mutex_);
                settings_ = std::move(settings);
              },
          .on_failure = OnFailure()};
}

EvaluationParts Service::Impl::MakeEvaluationParts() {
  return {.judging = judging_.get_executor(),
          .clock = clock_,
          .store = *store_,
          .alertmanagers = notifier_,
          .webhooks = webhooks_,
          .metrics = metrics_,
          .site_gauges = site_gauges_,
          .external_url = front_->external_url(),
          .asks_password = [this] { return front_->asks_password(); },
          .settings = [this] { return SettingsWithPushed(); },
          .acks = acks_,
          .target_statuses = [this] { return Targets(); }};
}

WebFrontParts Service::Impl::MakeWebFrontParts() {
  return {.io = io_.get_executor(),
          .options = options_,
          .clock = clock_,
          .views = *this,
          .acks = acks_,
          .scrape_stops = scrape_stops_,
          .pushed = pushed_,
          .metrics = metrics_,
          .reload = [this] { return Reload(); },
          .on_failure = OnFailure()};
}

HistoryAgeingParts Service::Impl::MakeHistoryAgeingParts() {
  return {.ageing = ageing_.get_executor(),
          .clock = clock_,
          .store = *store_,
          .metrics = metrics_,
          .retention = [this] { return RetentionNow(); }};
}

Result<void> Service::Impl::Start() {
  auto front = WebFront::Start(MakeWebFrontParts());
  if (!front) return Fail(front.error());
  front_ = std::move(*front);
  evaluation_ = std::make_unique<EvaluationLoop>(MakeEvaluationParts());
  if (const auto restored = acks_.Restore(); !restored)
    spdlog::error("no site is acknowledged any more: {}", restored.error().message);
  if (const auto restored = scrape_stops_.Restore(clock_.Now()); !restored)
    spdlog::error("nothing is scraped until somebody resumes it: {}", restored.error().message);
  evaluation_->RestoreAlerts();
  metrics_.ObserveReload(true, clock_.Now());
  notifier_.Apply(settings()->config->alerting);
  webhooks_.Apply(settings()->config->alerting);
  watch_list_.Configure(settings());
  tasks_.Spawn("watch list", watch_list_.Run());
  tasks_.Spawn("evaluation", Evaluate());
  tasks_.Spawn("ageing of history", AgeHistory(MakeHistoryAgeingParts()));
  tasks_.Spawn("connections at rest", CloseRestedConnections());
  tasks_.Spawn("web configuration", front_->WatchWebConfig());
  // Only now does anything run: nobody sees the parts before they are all there.
  io_thread_ = std::thread([this] {
    try {
      io_.run();
    } catch (const std::exception& error) {
      OnFailure()("the I/O thread", error.what());
    }
  });
  return {};
}

Result<void> Service::Impl::Reload() {
  const std::scoped_lock reload_lock(reload_mutex_);
  auto loaded = LoadSettings(options_.config_file);
  metrics_.ObserveReload(loaded.has_value(), clock_.Now());
  if (!loaded) {
    spdlog::error("the configuration was not reloaded, the old one stays in force: {}",
                  loaded.error().message);
    return Fail(loaded.error());
  }
  notifier_.Apply((*loaded)->config->alerting);
  webhooks_.Apply((*loaded)->config->alerting);
  watch_list_.Configure(*loaded);
  spdlog::info("the configuration was reloaded: {} targets", settings()->targets.size());
  return {};
}

void Service::Impl::Stop() {
  if (stopping_.exchange(true)) return;
  if (front_) front_->Stop(kServerGrace);
  tasks_.Cancel();
  if (!watch_list_.Stop(kDiscoveryGrace)) spdlog::warn("discovery was still looking at the stop");
  if (!scraper_.Stop(kScraperGrace)) spdlog::warn("scrapes were still under way at the stop");
  if (!tasks_.WaitFor(kTasksGrace)) spdlog::warn("an evaluation was still under way at the stop");
  if (io_thread_.joinable()) {
    notifier_.Stop(kNotifierGrace);
    webhooks_.Stop(kWebhookGrace);
  }
  cpu_.join();
  judging_.Join();
  ageing_.Join();
  io_work_.reset();
  io_.stop();
  if (io_thread_.joinable()) io_thread_.join();
}

std::string Service::Impl::Metrics() const {
  ServiceStatus status{.targets = Targets(),
                       .scrape_memory = scraper_.memory(),
                       .discovery = DiscoveryStatuses(),
                       .plan = Plan(),
                       .notifiers = notifier_.Statuses(),
                       .alerts = Alerts()};
  for (NotifierStatus& webhook : webhooks_.Statuses())
    status.notifiers.push_back(std::move(webhook));
  auto families = metrics_.Collect(status);
  auto sites = site_gauges_.Collect();
  families.insert(families.end(), std::make_move_iterator(sites.begin()),
                  std::make_move_iterator(sites.end()));
  return RenderMetrics(families);
}

std::shared_ptr<const Settings> Service::Impl::settings() const {
  const std::scoped_lock lock(settings_mutex_);
  return settings_;
}

std::string Service::Impl::WebhookDocument(const Alert& alert, std::size_t max_bytes) const {
  if (!alert.evidence) return WebhookBody(alert, nullptr, max_bytes);
  const auto diff = DiffOf(*alert.evidence, *store_, *attributor());
  if (!diff) spdlog::warn("no diff for a webhook: {}", diff.error().message);
  return WebhookBody(alert, diff ? &*diff : nullptr, max_bytes);
}

std::vector<TargetStatus> Service::Impl::Targets() const {
  std::vector<TargetStatus> statuses = scraper_.Statuses();
  for (TargetStatus& status : pushed_.Statuses()) statuses.push_back(std::move(status));
  return statuses;
}

std::shared_ptr<const Settings> Service::Impl::SettingsWithPushed() {
  pushed_.Forget();
  auto pushed = pushed_.Targets();
  if (pushed.empty()) return settings();
  auto all = std::make_shared<Settings>(*settings());
  for (Target& target : pushed) all->targets.push_back(std::move(target));
  return all;
}

asio::awaitable<void> Service::Impl::Evaluate() {
  co_await watch_list_.FirstLook();
  co_await evaluation_->Run();
}

Retention Service::Impl::RetentionNow() {
  Retention retention = options_.retention;
  retention.age = settings()->config->storage.retention;
  retention.stop = &stopping_;
  return retention;
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() { Stop(); }
Result<void> Service::Reload() { return impl_->Reload(); }
void Service::Stop() { impl_->Stop(); }
std::uint16_t Service::port() const { return impl_->port(); }
const std::string& Service::external_url() const { return impl_->external_url(); }

Result<std::unique_ptr<Service>> Service::Start(const ServiceOptions& options,
                                                std::function<void()> on_broken) {
  auto settings = LoadSettings(options.config_file);
  if (!settings) return Fail(settings.error());
  auto store = RocksStore::Open(options.storage_path,
                                {.memory_limit_bytes = options.storage_memory_limit_bytes});
  if (!store) return Fail(store.error());
  std::unique_ptr<Service> service(new Service(std::make_unique<Impl>(
      options, std::move(*settings), std::move(*store), std::move(on_broken))));
  if (auto started = service->impl_->Start(); !started) return Fail(started.error());
  return service;
}

}  // namespace heapwatch
