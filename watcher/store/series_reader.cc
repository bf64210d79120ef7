#include "watcher/store/series_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "analysis/series/series_index.h"
#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

// The sites that are wanted, and which series are theirs; each stack is looked at once.
class WantedSites {
 public:
  WantedSites(const SiteAttributor& attributor, Dictionary& dictionary, const SiteFilter& wanted)
      : attributor_(attributor), dictionary_(dictionary), wanted_(wanted) {}

  struct Found {
    SeriesList series;               // of the table
    std::vector<std::size_t> sites;  // the number of each one's site
  };
  // What was found stands until the next call.
  Result<const Found*> In(const std::shared_ptr<const std::vector<SeriesKey>>& series) {
    if (series == last_) return &found_;
    std::vector<std::uint32_t> numbers;
    numbers.reserve(series->size());
    numbers_.StartOver();
    for (const SeriesKey& key : *series) numbers.push_back(numbers_.NumberOf(key));
    if (auto looked = LookAtNew(); !looked) return Fail(looked.error());
    found_ = Found();
    for (std::uint32_t i = 0; i < numbers.size(); ++i) {
      if (const auto& site = site_of_number_[numbers[i]]) {
        found_.series.push_back(i);
        found_.sites.push_back(*site);
      }
    }
    last_ = series;
    return &found_;
  }
  // Those found so far.
  const std::vector<std::shared_ptr<const Site>>& sites() const { return sites_; }

 private:
  Result<void> LookAtNew() {
    std::vector<ContentHash> stacks;
    for (std::size_t n = site_of_number_.size(); n < numbers_.series().size(); ++n)
      stacks.push_back(numbers_.series()[n].stack);
    if (stacks.empty()) return {};
    const auto sites = dictionary_.Sites(stacks, attributor_);
    if (!sites) return Fail(sites.error());
    for (const std::shared_ptr<const Site>& site : *sites) {
      site_of_number_.emplace_back();
      if (!wanted_(*site)) continue;
      const auto [number, is_new] = number_of_site_.try_emplace(site->id(), sites_.size());
      if (is_new) sites_.push_back(site);
      site_of_number_.back() = number->second;
    }
    return {};
  }

  const SiteAttributor& attributor_;
  Dictionary& dictionary_;
  const SiteFilter& wanted_;
  std::shared_ptr<const std::vector<SeriesKey>> last_;
  Found found_;
  SeriesNumbers numbers_;
  std::vector<std::optional<std::size_t>> site_of_number_;
  std::map<ContentHash, std::size_t> number_of_site_;
  std::vector<std::shared_ptr<const Site>> sites_;
};

// Adds up what is told of each site.
class SeriesSums {
 public:
  explicit SeriesSums(const History& history) {
    has_.fill(true);
    for (const History::Piece& piece : history.pieces()) {
      const SegmentFrame& frame = history.frame(piece.part);
      for (std::size_t t = piece.begin; t < piece.end; ++t) series_.times.push_back(frame.times[t]);
      for (const Quantity quantity : kQuantities) {
        if (!frame.heads.front().profile->column(quantity))
          has_[static_cast<std::size_t>(quantity)] = false;
      }
    }
  }

  void AddSite(const Site& site) {
    SomeSeries::OfSite& of = series_.sites.emplace_back();
    of.site = site;
    for (std::size_t q = 0; q < kQuantityCount; ++q)
      if (has_[q]) of.values[q].resize(series_.times.size(), 0);
    holds_something_.push_back(false);
  }
  std::size_t site_count() const { return series_.sites.size(); }

  // `values` of one series over the whole part; the piece begins at `column` of the whole.
  void Add(std::size_t site, const SegmentFrame& frame, const History::Piece& piece,
           std::size_t column, std::span<const std::int64_t> values) {
    const std::size_t count = piece.end - piece.begin;
    for (const Quantity quantity : kQuantities) {
      const auto q = static_cast<std::size_t>(quantity);
      const auto from = frame.heads.front().profile->column(quantity);
      if (!from) continue;
      const auto told = values.subspan(*from * frame.times.size() + piece.begin, count);
      for (std::size_t t = 0; t < count; ++t) {
        if (told[t] != 0) holds_something_[site] = true;
        if (!has_[q]) continue;
        std::int64_t& sum = series_.sites[site].values[q][column + t];
        sum = WrappingSum(sum, told[t]);
      }
    }
  }

  SomeSeries Finish() && {
    std::size_t number = 0;
    std::erase_if(series_.sites, [&](const auto&) { return !holds_something_[number++]; });
    std::sort(series_.sites.begin(), series_.sites.end(), [](const auto& a, const auto& b) {
      return std::tie(a.site.function, a.site.line, a.site.file) <
             std::tie(b.site.function, b.site.line, b.site.file);
    });
    return std::move(series_);
  }

 private:
  SomeSeries series_;
  std::array<bool, kQuantityCount> has_;
  std::vector<bool> holds_something_;
};

}  // namespace

Result<SomeSeries> ReadSeries(const History& history, const SiteAttributor& attributor,
                              Dictionary& dictionary, const SiteFilter& wanted) {
  WantedSites wanted_sites(attributor, dictionary, wanted);
  SeriesSums sums(history);
  std::size_t column = 0;
  for (const History::Piece& piece : history.pieces()) {
    const SegmentFrame& frame = history.frame(piece.part);
    const auto found = wanted_sites.In(frame.series_list);
    if (!found) return Fail(found.error());
    while (sums.site_count() < wanted_sites.sites().size())
      sums.AddSite(*wanted_sites.sites()[sums.site_count()]);
    auto site = (*found)->sites.begin();
    const UseSeries add = [&](std::size_t, std::span<const std::int64_t> values) {
      sums.Add(*site++, frame, piece, column, values);
    };
    if (auto read = history.ForEachSeries(piece.part, add, &(*found)->series); !read)
      return Fail(read.error());
    column += piece.end - piece.begin;
  }
  return std::move(sums).Finish();
}

}  // namespace heapwatch
