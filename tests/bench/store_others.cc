// The same samples in Prometheus' TSDB and in VictoriaMetrics, as their own tools write them.

#include <csignal>
#include <cstdio>

#include "tests/bench/store_bench_support.h"
#include "tests/support/paths.h"
#include "tests/support/subprocess.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

// The shortest of the recordings, one after the other, until there are so many samples.
constexpr std::size_t kSamples = 400'000;
constexpr auto kPatience = std::chrono::minutes(5);

std::string LabelText(const Labels& target, const Site& site, std::int64_t block_bytes) {
  std::string text = "{";
  for (const auto& [name, value] : target) text += name + "=\"" + value + "\",";
  std::string function = site.function;
  std::erase_if(function, [](char c) { return c == '"' || c == '\\' || c == '\n'; });
  return text + "function=\"" + function + "\",line=\"" + std::to_string(site.line) +
         "\",block=\"" + std::to_string(block_bytes) + "\"}";
}

// One line a sample, as OpenMetrics wants it: all of a series together, all of a name together.
std::size_t WriteSamples(const std::vector<SeriesDocument>& documents, std::ostream& out) {
  std::size_t samples = 0;
  for (const Quantity quantity : kQuantities) {
    out << "# TYPE " << ToString(quantity) << " gauge\n";
    for (const SeriesDocument& document : documents) {
      const SiteWindow& window = document.window;
      if (!window.has[static_cast<std::size_t>(quantity)]) continue;
      for (std::size_t row = 0; row < window.rows.size(); ++row) {
        const std::string series =
            std::string(ToString(quantity)) + LabelText(document.target,
                                                        window.sites[window.rows[row].site.index()],
                                                        window.rows[row].block_bytes);
        const auto values = window.series(quantity, row);
        for (std::size_t t = 0; t < values.size(); ++t) {
          out << series << ' ' << values[t] << ' '
              << ToUnixMillis(window.observations[t].time) / 1000 << ".000\n";
        }
        samples += values.size();
      }
    }
  }
  out << "# EOF\n";
  return samples;
}

void Print(const char* name, std::uintmax_t bytes, std::size_t samples) {
  std::printf("  %-34s %9.3f\n", name, static_cast<double>(bytes) / static_cast<double>(samples));
}

void PrintPrometheus(const std::string& file, std::size_t samples) {
  const TemporaryDirectory blocks;
  Subprocess promtool(
      {"promtool", "tsdb", "create-blocks-from", "openmetrics", file, blocks.path() + "/data"});
  if (promtool.Wait(kPatience) != 0) {
    std::printf("  Prometheus' TSDB                   (%s)\n", promtool.standard_error().c_str());
    return;
  }
  Print("Prometheus' TSDB (blocks of 2 h)", BytesOf(blocks.path()), samples);
}

// Imports over HTTP, has it write all to disk, and stops it.
void PrintVictoriaMetrics(const std::string& file, std::size_t samples) {
  const TemporaryDirectory data;
  Subprocess server({"victoria-metrics", "-storageDataPath=" + data.path(), "-retentionPeriod=100y",
                     "-httpListenAddr=127.0.0.1:18428"});
  static constexpr const char* kImport =
      "import re,sys,time,urllib.request as u\n"
      "b='http://127.0.0.1:18428'\n"
      "for _ in range(100):\n"
      "  try: u.urlopen(b+'/health'); break\n"
      "  except OSError: time.sleep(.2)\n"
      "t=re.sub(r'(\\d+)\\.000\\n',r'\\g<1>000\\n',open(sys.argv[1]).read())\n"
      "u.urlopen(u.Request(b+'/api/v1/import/prometheus',t.encode()))\n"
      "u.urlopen(b+'/internal/force_flush'); u.urlopen(b+'/internal/force_merge')\n"
      "time.sleep(3)\n";
  Subprocess import({"python3", "-c", kImport, file});
  const bool is_imported = import.Wait(kPatience) == 0;
  server.Signal(SIGTERM);
  server.Wait(kPatience);
  if (!is_imported) {
    std::printf("  VictoriaMetrics                    (%s)\n", server.standard_error().c_str());
    return;
  }
  // Not its caches, which it writes down as well.
  Print("VictoriaMetrics", BytesOf(data.path() + "/data") + BytesOf(data.path() + "/indexdb"),
        samples);
}

}  // namespace

void PrintOthersAtRest() {
  const std::filesystem::path recorded = InSource("../shared/data/recordings/data");
  std::vector<SeriesDocument> documents;
  std::size_t samples = 0;
  ForEachDocument(recorded, [&](const SeriesDocument& document) {
    const SiteWindow& window = document.window;
    const std::size_t size = window.rows.size() * window.observations.size() * 4;
    if (samples + size > kSamples) return;
    samples += size;
    documents.push_back(document);
  });
  if (documents.empty()) return;
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/samples.txt";
  std::ofstream out(file);
  samples = WriteSamples(documents, out);
  out.close();
  std::printf("\nThe same %zu samples of %zu recordings, bytes per value at rest\n", samples,
              documents.size());
  const std::string data = directory.path() + "/store";
  {
    const auto store = Must(RocksStore::Open(data));
    for (const SeriesDocument& document : documents) {
      ForEachProfile(document, [&](Time time, const HeapProfile& profile) {
        Must(store->Append(document.target, time, profile));
      });
    }
    Must(store->Compact());
  }
  Print("Heapwatch", BytesOf(data), samples);
  PrintPrometheus(file, samples);
  PrintVictoriaMetrics(file, samples);
}

}  // namespace heapwatch
