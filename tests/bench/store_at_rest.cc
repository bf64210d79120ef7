// Bytes at rest, and beside them what the values alone would need at least.
#include <cmath>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "analysis/profile/decode.h"
#include "analysis/profile/encode.h"
#include "analysis/series/value_coding.h"
#include "tests/bench/store_bench_support.h"
#include "tests/bench/synthetic_service.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

// The entropy of the steps of each series, each by its own frequencies and one independent of the
// other: what no coder of single steps gets below, and one that must learn the frequencies does not
// reach. A pair told by one count has the steps of the count.
class StepEntropy {
 public:
  void Add(const Labels& target, const HeapProfile& profile) {
    const auto units = UnitsOf(profile.sample_types);
    for (std::size_t i = 0; i < profile.samples.size(); ++i) {
      const Sample& sample = profile.samples[i];
      Series& series =
          series_[target][{profile.stack_hashes[sample.stack.index()], sample.block_bytes}];
      series.resize(profile.sample_types.size());
      const auto values = profile.values_of(i);
      const BlockSize size = BlockSizeAt(sample.block_bytes, profile.sampling_period_bytes);
      for (const ValueUnit& unit : units) {
        const auto count = unit.bytes_column
                               ? SampledCount(values[unit.column], values[*unit.bytes_column], size)
                               : std::nullopt;
        series[unit.column].Add(count.value_or(values[unit.column]));
        if (unit.bytes_column && !count) series[*unit.bytes_column].Add(values[*unit.bytes_column]);
      }
    }
  }
  double Bytes() const {
    double bits = 0;
    for (const auto& [target, all] : series_) {
      for (const auto& [key, series] : all) {
        for (const Steps& steps : series) bits += steps.Bits();
      }
    }
    return bits / 8;
  }

 private:
  struct Steps {
    void Add(std::int64_t value) {
      ++counts[WrappingDifference(value, last)];
      last = value;
      ++total;
    }
    double Bits() const {
      double bits = 0;
      for (const auto& [step, count] : counts) {
        bits -= count * std::log2(count / static_cast<double>(total));
      }
      return bits;
    }
    std::int64_t last = 0;
    std::size_t total = 0;
    std::unordered_map<std::int64_t, double> counts;
  };
  using Series = std::vector<Steps>;
  std::map<Labels, std::unordered_map<SeriesKey, Series>> series_;
};

// Appends everything, and tells what is on disk then against the gzip'd profiles and per value.
class AtRest {
 public:
  explicit AtRest(std::string name) : name_(std::move(name)) {}

  void Append(const Labels& target, Time time, const HeapProfile& profile, std::size_t gzip_bytes) {
    Must(store_->Append(target, time, profile));
    entropy_.Add(target, profile);
    gzip_bytes_ += gzip_bytes;
    values_ += profile.values.size();
    ++snapshots_;
  }
  void Print() {
    if (snapshots_ == 0) return;
    Must(store_->Compact());
    const auto share = [&](Family family) {
      std::uint64_t bytes = 0;
      RocksDb& db = store_->db();
      db.db().GetIntProperty(db.family(family), rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
      return static_cast<double>(bytes) / static_cast<double>(values_);
    };
    const double dictionary = share(Family::kDictionary);
    const double blocks = share(Family::kHeaders) + share(Family::kBlocks);
    store_.reset();
    const auto bytes = static_cast<double>(BytesOf(directory_.path()));
    std::printf("  %-34s %9zu %9zu %8.3f %7.3f %7.3f %8.3f %9.1f\n", name_.c_str(), snapshots_,
                values_, bytes / static_cast<double>(values_), blocks, dictionary,
                entropy_.Bytes() / static_cast<double>(values_),
                static_cast<double>(gzip_bytes_) / bytes);
  }

 private:
  std::string name_;
  TemporaryDirectory directory_;
  std::unique_ptr<RocksStore> store_ = Must(RocksStore::Open(directory_.path()));
  StepEntropy entropy_;
  std::size_t snapshots_ = 0;
  std::size_t values_ = 0;
  std::size_t gzip_bytes_ = 0;
};

void DocumentsAtRest(const std::string& name, const std::filesystem::path& directory) {
  AtRest at_rest(name);
  ForEachDocument(directory, [&](const SeriesDocument& document) {
    ForEachProfile(document, [&](Time time, const HeapProfile& profile) {
      at_rest.Append(document.target, time, profile, EncodePprof(profile).size());
    });
  });
  at_rest.Print();
}

void ProfilesAtRest(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory)) return;
  AtRest at_rest("raw profiles of real programs");
  for (const auto& program : std::filesystem::directory_iterator(directory)) {
    std::map<Time, std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(program)) {
      files.emplace(FromUnixMillis(std::stoll(file.path().filename())), file.path());
    }
    for (const auto& [time, file] : files) {
      const std::string bytes = ReadFile(file);
      at_rest.Append({{"job", program.path().filename()}}, time, Must(DecodeProfile(bytes)),
                     bytes.size());
    }
  }
  at_rest.Print();
}

void SyntheticAtRest(std::size_t sites, std::size_t scrapes) {
  AtRest at_rest("synthetic, " + std::to_string(sites) + " sites x " + std::to_string(scrapes));
  SyntheticService service(1, sites, 3.0 * static_cast<double>(sites));
  for (std::size_t i = 0; i < scrapes; ++i) {
    const HeapProfile& profile = service.Next();
    // Every thirtieth stands for the others: packing is slow.
    const std::size_t gzip_bytes = i % 30 == 0 ? 30 * EncodePprof(profile).size() : 0;
    at_rest.Append({{"job", "synthetic"}}, Minute(i), profile, gzip_bytes);
  }
  at_rest.Print();
}

}  // namespace

void PrintAtRest() {
  const std::filesystem::path shared = InSource("../shared");
  std::printf(
      "At rest, in bytes per value, everything in the directory included; `limit` is the entropy "
      "of the steps\n  %-34s %9s %9s %8s %7s %7s %8s %9s\n",
      "", "snapshots", "values", "all", "blocks", "stacks", "limit", "x gzip'd");
  DocumentsAtRest("recorded series of real programs", shared / "data/recordings/data");
  ProfilesAtRest(shared / "data/snapshots");
  if (std::filesystem::exists(shared / "scenarios/scenarios.py")) {
    const TemporaryDirectory generated;
    const std::string command = "python3 '" + (shared / "scenarios/scenarios.py").string() +
                                "' --out '" + generated.path() +
                                "' --runs 40 --seed 11 >/dev/null 2>&1";
    if (std::system(command.c_str()) == 0) {
      DocumentsAtRest("generated scenarios", std::filesystem::path(generated.path()) / "data");
    } else {
      std::printf("  generated scenarios                (scenarios.py fails)\n");
    }
  }
  SyntheticAtRest(1000, 1440);
}

}  // namespace heapwatch
