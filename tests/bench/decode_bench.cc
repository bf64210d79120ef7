// What decoding costs, as multiples of inflating the same bytes with libdeflate, all within one
// run:
//
//   stacks   bytes to per-stack values, as a scraper does it (one Decoder, memory handed back)
//   + sites  and on to per-site values, the site of a stack being remembered from scrape to scrape
//   protobuf libprotobuf's generated parser on an arena, after zlib
//   Go       google/pprof's profile.Parse on one processor (a Go program beside this file; left out
//            where Go or the package is missing)
//
// CPU time, the least of several rounds (Go: of the means of several, since one round's garbage is
// collected in another). Allocations after warm-up; the peak of what one decode by a new Decoder
// adds to the resident memory of a process of its own, as a multiple of the inflated size.
#include <google/protobuf/arena.h>
#include <libdeflate.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/profile/attribution.h"
#include "analysis/profile/decode.h"
#include "pprof.pb.h"
#include "tests/support/paths.h"

namespace {

std::size_t g_allocations = 0;

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-no-malloc): what counts allocations makes them by hand.
void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)

namespace heapwatch {
namespace {

namespace fs = std::filesystem;

double CpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class F>
void Time(double& least_seconds, F f) {
  const double begin = CpuSeconds();
  f();
  least_seconds = std::min(least_seconds, CpuSeconds() - begin);
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The size of the gzip'd bytes once inflated, from their trailer.
std::size_t InflatedBytes(const std::string& bytes) {
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    size = size << 8U | static_cast<std::uint8_t>(bytes[bytes.size() - i]);
  }
  return size;
}

std::string ZlibInflate(const std::string& bytes) {
  std::string out(InflatedBytes(bytes), '\0');
  std::string in = bytes;
  z_stream stream = {};
  inflateInit2(&stream, 16 + MAX_WBITS);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<unsigned>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return out;
}

// Sums by site. A stack that has been seen before costs a comparison where it follows the one it
// followed then, as it mostly does (the store's RowWriter goes by that, too), else a look-up.
class SiteSums {
 public:
  void Add(const HeapProfile& profile) {
    of_stack_.clear();
    std::size_t next = 0;  // in known_
    for (std::size_t s = 0; s < profile.stack_count(); ++s) {
      const ContentHash& stack = profile.stack_hashes[s];
      if (next >= known_.size() || known_[next].stack != stack) next = Find(profile, s);
      of_stack_.push_back(known_[next++].site);
    }
    const std::size_t width = profile.sample_types.size();
    sums_.assign(sites_.size() * width, 0);
    for (std::size_t i = 0; i < profile.samples.size(); ++i) {
      std::int64_t* const sum = sums_.data() + of_stack_[profile.samples[i].stack.index()] * width;
      for (std::size_t v = 0; v < width; ++v) sum[v] += profile.values[i * width + v];
    }
  }

 private:
  struct Known {
    ContentHash stack;
    std::size_t site;
  };

  std::size_t Find(const HeapProfile& profile, std::size_t stack) {
    const ContentHash& hash = profile.stack_hashes[stack];
    const auto [number, is_new] = numbers_.try_emplace(hash, known_.size());
    if (is_new) {
      const ContentHash id = attributor_->Attribute(profile, StackId(stack)).id();
      known_.push_back({hash, sites_.try_emplace(id, sites_.size()).first->second});
    }
    return number->second;
  }

  std::shared_ptr<const SiteAttributor> attributor_ = *SiteAttributor::Create({});
  std::vector<Known> known_;  // in the order they first came
  std::unordered_map<ContentHash, std::size_t> numbers_;
  std::unordered_map<ContentHash, std::size_t> sites_;
  std::vector<std::size_t> of_stack_;
  std::vector<std::int64_t> sums_;
};

// From /proc/self/status: "VmHWM" or "VmRSS".
long StatusKib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != name + ":") continue;
    long kib = 0;
    status >> kib;
    return kib;
  }
  return 0;
}

// What one decode by a new Decoder adds to a process that has decoded before, in KiB: so neither
// the code nor what libraries set up once is counted. Of small profiles little more than the pages
// is told.
long PeakKib(const std::string& bytes) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    const std::string small = ReadFile(InSource("testdata/profiles/go1.19.t1.pb.gz"));
    const bool is_warm = DecodeProfile(small).has_value();
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
    const long before = StatusKib("VmRSS");
    Decoder decoder;
    const Result<HeapProfile> profile = decoder.Decode(bytes);
    const long peak = is_warm && profile ? StatusKib("VmHWM") - before : 0;
    const bool written = write(ends[1], &peak, sizeof(peak)) == sizeof(peak);
    _exit(written ? 0 : 1);
  }
  long peak = 0;
  const bool is_read = read(ends[0], &peak, sizeof(peak)) == sizeof(peak);
  close(ends[0]);
  close(ends[1]);
  waitpid(child, nullptr, 0);
  return is_read ? peak : 0;
}

std::vector<fs::path> Profiles() {
  const fs::path root = InSource("");
  const fs::path shared = root / "../shared/data/profiles";
  if (!fs::exists(shared)) return {root / "testdata/profiles/go1.19.t1.pb.gz"};
  return {shared / "etcd-3.5.t3.pb.gz", shared / "prometheus-2.53-go1.24.t3.pb.gz",
          shared / "etcd-3.5-rate1.t3.pb.gz", shared / "gobuild-ssa-rate1.go1.24.pb.gz"};
}

// Seconds for each file; empty where there is no Go or no package.
std::vector<double> GoSeconds(const std::vector<fs::path>& files) {
  const fs::path source = InSource("tests/bench/pprof_parse/main.go");
  std::string command =
      "GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode go run '" + source.string() + "'";
  for (const fs::path& file : files) command += " '" + file.string() + "'";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::vector<double> seconds;
  double nanos = 0;
  while (std::fscanf(pipe, "%lf", &nanos) == 1) seconds.push_back(nanos * 1e-9);
  pclose(pipe);
  if (seconds.size() != files.size()) seconds.clear();
  return seconds;
}

struct Figures {
  double inflate = 1e9;
  double stacks = 1e9;
  double sites = 1e9;
  double protobuf = 1e9;
  std::size_t allocations = 0;
};

void ParseWithProtobuf(const std::string& bytes) {
  const std::string message = ZlibInflate(bytes);
  google::protobuf::Arena arena;
  auto* const profile = google::protobuf::Arena::CreateMessage<oracle::Profile>(&arena);
  profile->ParseFromArray(message.data(), static_cast<int>(message.size()));
}

// They take turns, so that each finds what the others have left in the caches and nobody learns the
// bytes by heart.
Figures Measure(const std::string& bytes) {
  const std::size_t rounds = 5 + (64U << 20U) / (InflatedBytes(bytes) * 4);
  Figures figures;
  std::string plain(InflatedBytes(bytes), '\0');
  libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
  Decoder decoder;
  SiteSums sums;
  for (std::size_t i = 0; i < rounds; ++i) {
    Time(figures.inflate, [&] {
      libdeflate_gzip_decompress(decompressor, bytes.data(), bytes.size(), plain.data(),
                                 plain.size(), nullptr);
    });
    Time(figures.stacks, [&] { decoder.Recycle(*decoder.Decode(bytes)); });
    Time(figures.sites, [&] {
      Result<HeapProfile> profile = decoder.Decode(bytes);
      sums.Add(*profile);
      decoder.Recycle(*std::move(profile));
    });
    if (i % 5 == 0) Time(figures.protobuf, [&] { ParseWithProtobuf(bytes); });
  }
  libdeflate_free_decompressor(decompressor);
  const std::size_t before = g_allocations;
  decoder.Recycle(*decoder.Decode(bytes));
  figures.allocations = g_allocations - before;
  return figures;
}

int Run() {
  const std::vector<fs::path> files = Profiles();
  std::printf("%-32s %9s %10s %7s %8s %9s %7s %8s %6s\n", "x bare inflate", "KiB", "inflate ms",
              "stacks", "+ sites", "protobuf", "Go", "allocs", "peak");
  const std::vector<double> go = GoSeconds(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string bytes = ReadFile(files[i]);
    const double peak =
        static_cast<double>(PeakKib(bytes)) * 1024 / static_cast<double>(InflatedBytes(bytes));
    const Figures f = Measure(bytes);
    std::printf("%-32s %9zu %10.3f %7.2f %8.2f %9.2f ", files[i].filename().c_str(),
                InflatedBytes(bytes) / 1024, f.inflate * 1e3, f.stacks / f.inflate,
                f.sites / f.inflate, f.protobuf / f.inflate);
    if (go.empty()) {
      std::printf("%7s", "-");
    } else {
      std::printf("%7.1f", go[i] / f.inflate);
    }
    std::printf(" %8zu %6.2f\n", f.allocations, peak);
  }
  return 0;
}

}  // namespace
}  // namespace heapwatch

int main() { return heapwatch::Run(); }
