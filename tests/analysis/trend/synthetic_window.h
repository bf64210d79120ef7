// Windows made for tests: true objects that are born and die, sampled as Go samples them. Seeded,
// hence the same every time.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "analysis/series/site_window.h"

namespace heapwatch::testing {

inline constexpr double kMiB = 1024.0 * 1024.0;
inline constexpr double kHour = 3600;

// One site: how many bytes of `object_bytes` objects are live at a time, and how many bytes a
// second turn over on top, at a load of 1.
struct SyntheticSite {
  std::string function;
  double object_bytes = 1024;
  std::function<double(double)> live_bytes;  // of the seconds since the start
  double turnover_bytes_per_second = 0;
  std::function<double(double)> load = [](double) { return 1.0; };
};

// What tells how much the process has to do.
inline SyntheticSite Requests() {
  return {.function = "requests",
          .live_bytes = [](double) { return kMiB; },
          .turnover_bytes_per_second = kMiB};
}

struct SyntheticOptions {
  double seconds = 12 * kHour;
  double spacing_seconds = 60;
  double jitter = 0;               // share of the spacing
  std::vector<double> restart_at;  // seconds
  std::size_t scrapes_per_gc = 1;  // further scrapes repeat the heap state
  double period_bytes = 512 * 1024;
};

class SyntheticTarget {
 public:
  explicit SyntheticTarget(std::uint64_t seed) : random_(seed) {}

  SiteWindow Make(const std::vector<SyntheticSite>& sites, const SyntheticOptions& options) {
    SiteWindow window;
    window.has = {true, true, true, true};
    std::vector<std::vector<std::array<std::int64_t, kQuantityCount>>> rows(sites.size());
    std::vector<State> states(sites.size());
    std::size_t restarts = 0;
    double before = 0;
    double born_at = 0;
    std::uniform_real_distribution<double> jitter(-options.jitter, options.jitter);
    std::size_t scrape = 0;
    for (double t = 0; t < options.seconds; ++scrape) {
      bool restarted = false;
      if (restarts < options.restart_at.size() && t >= options.restart_at[restarts]) {
        states.assign(sites.size(), State{});
        before = born_at = options.restart_at[restarts++];
        restarted = true;
      }
      const bool new_state = restarted || scrape % options.scrapes_per_gc == 0;
      for (std::size_t s = 0; s < sites.size(); ++s) {
        if (new_state) Advance(sites[s], options.period_bytes, t - born_at, t - before, states[s]);
        rows[s].push_back(states[s].row);
      }
      if (new_state) before = t;
      window.observations.push_back(
          {.time = FromUnixMillis(1'750'000'000'000 + std::llround(t * 1000)),
           .sampling_period_bytes = static_cast<std::int64_t>(options.period_bytes),
           .lifetime = static_cast<std::uint32_t>(restarts),
           .build = 0,
           .is_new = new_state});
      t += options.spacing_seconds * (1 + (options.jitter > 0 ? jitter(random_) : 0));
    }
    for (std::size_t s = 0; s < sites.size(); ++s) {
      window.sites.push_back({.function = sites[s].function, .file = "main.go", .line = 1});
      window.rows.push_back(
          {.site = SiteId(s), .block_bytes = static_cast<std::int64_t>(sites[s].object_bytes)});
      window.first_row.push_back(static_cast<std::uint32_t>(s));
      for (std::size_t q = 0; q < kQuantityCount; ++q) {
        for (const auto& row : rows[s]) window.matrix[q].push_back(row[q]);
      }
    }
    window.first_row.push_back(static_cast<std::uint32_t>(sites.size()));
    return window;
  }

 private:
  struct State {
    double live_objects = 0;
    std::int64_t sampled_live = 0;
    std::int64_t sampled_born = 0;
    std::array<std::int64_t, kQuantityCount> row = {};
  };

  void Advance(const SyntheticSite& site, double period, double age, double step, State& state) {
    const double p = -std::expm1(-site.object_bytes / period);
    const double want = std::max(0.0, site.live_bytes(age)) / site.object_bytes;
    double born = site.turnover_bytes_per_second * site.load(age) * step / site.object_bytes;
    born = std::max(born, want - state.live_objects);
    if (born > 0) {
      const auto sampled = std::poisson_distribution<std::int64_t>(born * p)(random_);
      state.sampled_live += sampled;
      state.sampled_born += sampled;
    }
    const double total = state.live_objects + born;
    const double gone = total > 0 ? std::max(0.0, total - want) / total : 0;
    if (gone > 0) {
      state.sampled_live -= std::binomial_distribution<std::int64_t>(state.sampled_live,
                                                                     std::min(1.0, gone))(random_);
    }
    state.live_objects = want;
    const auto bytes = [&](std::int64_t n) {
      return static_cast<std::int64_t>(static_cast<double>(n) * site.object_bytes / p);
    };
    const auto objects = [&](std::int64_t n) {
      return static_cast<std::int64_t>(static_cast<double>(n) / p);
    };
    state.row = {bytes(state.sampled_live), objects(state.sampled_live), bytes(state.sampled_born),
                 objects(state.sampled_born)};
  }

  std::mt19937_64 random_;
};

}  // namespace heapwatch::testing
