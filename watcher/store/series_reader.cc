#include "watcher/store/series_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

// The sites that are wanted, and which stacks are theirs.
class WantedSites {
 public:
  static Result<WantedSites> Find(const History& history, const SiteAttributor& attributor,
                                  Dictionary& dictionary, const SiteFilter& wanted) {
    WantedSites found;
    std::vector<ContentHash> stacks;
    for (const History::Piece& piece : history.pieces()) {
      for (const SeriesKey& key : history.frame(piece.part).series) {
        if (found.site_of_stack_.try_emplace(key.stack).second) stacks.push_back(key.stack);
      }
    }
    const auto sites = dictionary.Sites(stacks, attributor);
    if (!sites) return Fail(sites.error());
    std::map<ContentHash, std::size_t> numbers;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      const Site& site = *(*sites)[i];
      if (!wanted(site)) continue;
      const auto [number, is_new] = numbers.try_emplace(site.id(), found.sites_.size());
      if (is_new) found.sites_.push_back(site);
      found.site_of_stack_[stacks[i]] = number->second;
    }
    return found;
  }

  const std::vector<Site>& sites() const { return sites_; }
  std::optional<std::size_t> SiteOf(const SeriesKey& key) const {
    return site_of_stack_.at(key.stack);
  }

 private:
  std::vector<Site> sites_;
  std::unordered_map<ContentHash, std::optional<std::size_t>> site_of_stack_;
};

}  // namespace

Result<SomeSeries> ReadSeries(const History& history, const SiteAttributor& attributor,
                              Dictionary& dictionary, const SiteFilter& wanted) {
  const auto found = WantedSites::Find(history, attributor, dictionary, wanted);
  if (!found) return Fail(found.error());
  SomeSeries series;
  std::array<bool, kQuantityCount> has = {true, true, true, true};
  for (const History::Piece& piece : history.pieces()) {
    const SegmentFrame& frame = history.frame(piece.part);
    for (std::size_t t = piece.begin; t < piece.end; ++t) series.times.push_back(frame.times[t]);
    for (const Quantity quantity : kQuantities) {
      if (!frame.heads.front().profile->column(quantity))
        has[static_cast<std::size_t>(quantity)] = false;
    }
  }
  for (const Site& site : found->sites()) {
    SomeSeries::OfSite& of = series.sites.emplace_back();
    of.site = site;
    for (std::size_t q = 0; q < kQuantityCount; ++q)
      if (has[q]) of.values[q].resize(series.times.size(), 0);
  }
  std::vector<bool> holds_something(series.sites.size(), false);
  std::size_t begin = 0;  // of the piece, in series.times
  for (const History::Piece& piece : history.pieces()) {
    const SegmentFrame& frame = history.frame(piece.part);
    SeriesMask only(frame.series.size());
    for (std::size_t i = 0; i < only.size(); ++i)
      only[i] = found->SiteOf(frame.series[i]).has_value();
    const UseSeries add = [&](std::size_t number, std::span<const std::int64_t> values) {
      const std::size_t site = *found->SiteOf(frame.series[number]);
      for (const Quantity quantity : kQuantities) {
        const auto q = static_cast<std::size_t>(quantity);
        const auto column = frame.heads.front().profile->column(quantity);
        if (!column) continue;
        const std::int64_t* const from = values.data() + *column * frame.times.size();
        for (std::size_t t = piece.begin; t < piece.end; ++t) {
          if (from[t] != 0) holds_something[site] = true;
          if (!has[q]) continue;
          std::int64_t& sum = series.sites[site].values[q][begin + t - piece.begin];
          sum = WrappingSum(sum, from[t]);
        }
      }
    };
    if (auto read = history.ForEachSeries(piece.part, add, &only); !read) return Fail(read.error());
    begin += piece.end - piece.begin;
  }
  std::size_t number = 0;
  std::erase_if(series.sites, [&](const auto&) { return !holds_something[number++]; });
  std::sort(series.sites.begin(), series.sites.end(), [](const auto& a, const auto& b) {
    return std::tie(a.site.function, a.site.line, a.site.file) <
           std::tie(b.site.function, b.site.line, b.site.file);
  });
  return series;
}

}  // namespace heapwatch
