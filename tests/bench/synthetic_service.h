// A made-up Go service for the benches: many sites, each allocating blocks of one size at its own
// rate, most of which live for a while; seen through Go's heap profiler (Poisson sampling, R = 512
// KiB). From a seed, the same everywhere.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "analysis/profile/heap_profile.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {

class SyntheticService {
 public:
  // Together the sites have `samples_per_scrape` sampled allocations between two scrapes, spread by
  // Zipf's law.
  SyntheticService(std::uint64_t seed, std::size_t sites, double samples_per_scrape)
      : random_(seed) {
    static constexpr std::int64_t kSizes[] = {16, 32, 48, 64, 96, 128, 256, 512, 1024, 4096, 32768};
    double sum = 0;
    for (std::size_t i = 0; i < sites; ++i) sum += 1 / static_cast<double>(i + 1);
    for (std::size_t i = 0; i < sites; ++i) {
      Site site;
      site.size = BlockSizeAt(kSizes[random_() % std::size(kSizes)], 524288);
      site.rate = samples_per_scrape / sum / static_cast<double>(i + 1);
      site.survival = random_() % 4 == 0 ? 0.95 : 0.3;
      sites_.push_back(site);
    }
    ProfileBuilder builder({{"alloc_objects", "count"},
                            {"alloc_space", "bytes"},
                            {"inuse_objects", "count"},
                            {"inuse_space", "bytes"}});
    for (std::size_t i = 0; i < sites; ++i) AddSite(builder, i);
    profile_ = std::move(builder).Build();
    profile_.sampling_period_bytes = 524288;
    profile_.period_type = {"space", "bytes"};
  }

  // The profile a scrape later. Valid until the next call.
  const HeapProfile& Next() {
    for (std::size_t i = 0; i < sites_.size(); ++i) {
      Site& site = sites_[i];
      const std::int64_t born = std::poisson_distribution<std::int64_t>(site.rate)(random_);
      site.alloc += born;
      const std::int64_t alive = site.inuse + born;
      site.inuse = std::binomial_distribution<std::int64_t>(alive, site.survival)(random_);
      const ObjectsAndBytes alloc = FromSampledCount(site.alloc, site.size);
      const ObjectsAndBytes inuse = FromSampledCount(site.inuse, site.size);
      std::int64_t* const values = &profile_.values[i * 4];
      values[0] = alloc.objects;
      values[1] = alloc.bytes;
      values[2] = inuse.objects;
      values[3] = inuse.bytes;
    }
    return profile_;
  }

 private:
  struct Site {
    BlockSize size;
    double rate = 0;
    double survival = 0;  // share of the live blocks that are still live a scrape later
    std::int64_t alloc = 1;
    std::int64_t inuse = 0;
  };

  // Twelve frames deep, as under a server: the outer ones are shared.
  void AddSite(ProfileBuilder& builder, std::size_t i) {
    std::vector<std::string> names = {"example.com/shop/part" + std::to_string(i % 37) +
                                      ".(*Store).Allocate" + std::to_string(i)};
    for (std::size_t depth = 1; depth < 12; ++depth) {
      const std::size_t width = std::size_t{1} << (12 - depth);
      names.push_back("example.com/shop/layer" + std::to_string(depth) + ".(*Server).handle" +
                      std::to_string(i % width));
    }
    std::vector<Frame> frames;
    for (const std::string& name : names) {
      frames.push_back(
          {name, "/src/example.com/shop/server.go", static_cast<std::int64_t>(20 + i % 90), 12});
    }
    const std::int64_t one[4] = {1, 1, 1, 1};
    builder.AddSample(frames, sites_[i].size.block_bytes, one);
  }

  std::mt19937_64 random_;
  std::vector<Site> sites_;
  HeapProfile profile_;
};

}  // namespace heapwatch
