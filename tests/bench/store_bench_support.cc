#include "tests/bench/store_bench_support.h"

#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "analysis/profile/profile_builder.h"

namespace heapwatch {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double Best(int runs, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double start = CpuSeconds();
    work();
    best = std::min(best, CpuSeconds() - start);
  }
  return best;
}

std::uintmax_t BytesOf(const std::string& directory) {
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.is_regular_file() && file.path().filename() != "LOG") bytes += file.file_size();
  }
  return bytes;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void ForEachProfile(const SeriesDocument& document,
                    const std::function<void(Time time, const HeapProfile& profile)>& use) {
  const SiteWindow& window = document.window;
  std::vector<SampleType> types;
  std::vector<Quantity> quantities;
  for (const Quantity q : kQuantities) {
    if (!window.has[static_cast<std::size_t>(q)]) continue;
    const std::string name(ToString(q));
    types.push_back({name, name.ends_with("space") ? "bytes" : "count"});
    quantities.push_back(q);
  }
  for (std::size_t t = 0; t < window.observations.size(); ++t) {
    ProfileBuilder builder(types);
    for (std::size_t row = 0; row < window.rows.size(); ++row) {
      const Site& site = window.sites[window.rows[row].site.index()];
      std::vector<std::int64_t> values;
      for (const Quantity q : quantities) values.push_back(window.series(q, row)[t]);
      const Frame frame{site.function, site.file, site.line};
      builder.AddSample(std::span(&frame, 1), window.rows[row].block_bytes, values);
    }
    HeapProfile profile = std::move(builder).Build();
    profile.sampling_period_bytes = window.observations[t].sampling_period_bytes;
    use(window.observations[t].time, profile);
  }
}

void ForEachDocument(const std::filesystem::path& directory,
                     const std::function<void(const SeriesDocument&)>& use) {
  if (!std::filesystem::exists(directory)) return;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    if (file.path().extension() == ".json") use(Must(ReadSeriesJson(ReadFile(file))));
  }
}

}  // namespace heapwatch
