#include "analysis/series/row_codec.h"

#include <algorithm>
#include <utility>

#include "analysis/series/profile_head.h"

namespace heapwatch {
namespace {

// The first byte of a row: the format in the upper four bits, then whether the resident memory and
// a head follow, then the kind.
constexpr unsigned kFormat = 1;
constexpr unsigned kFormatShift = 4;
constexpr unsigned kHasResident = 8;
constexpr unsigned kHasHead = 4;
constexpr unsigned kKindMask = 3;

constexpr std::size_t kSizeEntryBytes = 40;  // of a map from block bytes to a number

tl::unexpected<Error> Corrupt(std::string what) {
  return Fail(ErrorCode::kCorrupt, "a row " + std::move(what));
}

}  // namespace

Result<RowKind> KindOf(std::string_view row) {
  if (row.empty()) return Corrupt("of no bytes");
  const unsigned first = static_cast<std::uint8_t>(row.front());
  if (first >> kFormatShift != kFormat) {
    return Corrupt("of format " + std::to_string(first >> kFormatShift) +
                   ", which this version does not know");
  }
  if ((first & kKindMask) == 0) return Corrupt("of no known kind");
  return static_cast<RowKind>(first & kKindMask);
}

Result<RowPreamble> ReadPreamble(std::string_view row) {
  const auto kind = KindOf(row);
  if (!kind) return Fail(kind.error());
  ByteReader in(row);
  const unsigned first = in.Byte();
  RowPreamble preamble;
  preamble.kind = *kind;
  if (preamble.kind == RowKind::kDelta) {
    preamble.since_chain_start = Duration(in.Zigzag());
    preamble.number = in.Varint();
  }
  if ((first & kHasHead) != 0) preamble.head = in.Text();
  if ((first & kHasResident) != 0) preamble.resident_bytes = in.Zigzag();
  const std::size_t size_count = in.Count(9);
  preamble.sizes.reserve(size_count);
  for (std::size_t i = 0; i < size_count; ++i) {
    const std::int64_t block_bytes = in.Zigzag();
    preamble.sizes.push_back({block_bytes, in.Double()});
  }
  const std::size_t stack_count = in.Count(17);
  preamble.stacks.reserve(stack_count);
  preamble.size_of_stack.reserve(stack_count);
  for (std::size_t i = 0; i < stack_count; ++i) {
    preamble.stacks.push_back(in.Hash());
    preamble.size_of_stack.push_back(static_cast<std::uint32_t>(in.Varint()));
  }
  preamble.changes = in.Bytes(in.left());
  if (!in.ok()) return Corrupt("whose beginning does not make sense");
  return preamble;
}

bool RowChain::SetHead(std::string_view head) {
  auto profile = DecodeHead(head);
  if (!profile || profile->sample_types.size() > kMaxSampleTypes) return false;
  if (row_count_ > 0 && profile->sample_types != head_profile_.sample_types) return false;
  head_ = head;
  head_profile_ = std::move(*profile);
  type_count_ = head_profile_.sample_types.size();
  units_ = UnitsOf(head_profile_.sample_types);
  return type_count_ > 0;
}

bool RowChain::AddSeries(const RowPreamble& preamble) {
  sizes_.insert(sizes_.end(), preamble.sizes.begin(), preamble.sizes.end());
  for (std::size_t i = 0; i < preamble.stacks.size(); ++i) {
    const std::uint32_t size = preamble.size_of_stack[i];
    if (size >= sizes_.size()) return false;
    series_.push_back({preamble.stacks[i], sizes_[size].block_bytes});
    size_of_series_.push_back(size);
  }
  values_.resize(series_.size() * type_count_, 0);
  unit_states_.resize(series_.size() * units_.size());
  return true;
}

// changes := count, then for each: a token (numbers skipped since the last, and two bits per unit),
// then the steps.
bool RowChain::ApplyChanges(std::string_view changes, const SeriesList* only) {
  ByteReader in(changes);
  const std::size_t count = in.Count();
  const unsigned mask_bits = 2 * static_cast<unsigned>(units_.size());
  changed_.clear();
  auto wanted = only != nullptr ? only->begin() : SeriesList::const_iterator();
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t token = in.Varint();
    next += token >> mask_bits;
    if (!in.ok() || next >= series_.size()) return false;
    const auto number = static_cast<std::size_t>(next++);
    if (only != nullptr) {
      while (wanted != only->end() && *wanted < number) ++wanted;
      if (wanted == only->end()) return true;
      if (*wanted != number) {
        for (const ValueUnit& unit : units_) {
          if (!SkipUnit(static_cast<UnitChange>(token & 3), unit, in)) return false;
          token >>= 2;
        }
        continue;
      }
    }
    changed_.push_back(static_cast<std::uint32_t>(number));
    const BlockSize& size = sizes_[size_of_series_[number]];
    const std::span<std::int64_t> values(&values_[number * type_count_], type_count_);
    UnitState* state = &unit_states_[number * units_.size()];
    for (const ValueUnit& unit : units_) {
      if (!ReadUnit(static_cast<UnitChange>(token & 3), unit, size, values, *state++, in)) {
        return false;
      }
      token >>= 2;
    }
  }
  return in.ok() && in.done();
}

Result<std::string_view> RowChain::Begin(std::string_view row) {
  const auto preamble = ReadPreamble(row);
  if (!preamble) return Fail(preamble.error());
  if (preamble->number != row_count_ || (preamble->kind == RowKind::kDelta) == (row_count_ == 0)) {
    return Corrupt("(number " + std::to_string(preamble->number) + " of its chain) where number " +
                   std::to_string(row_count_) + " is due: one is missing between");
  }
  if (preamble->head && !SetHead(*preamble->head)) return Corrupt("whose head does not make sense");
  if (type_count_ == 0) return Corrupt("that begins a chain without a head");
  resident_bytes_ = preamble->resident_bytes;
  if (!AddSeries(*preamble)) return Corrupt("whose series do not make sense");
  ++row_count_;
  return preamble->changes;
}

Result<void> RowChain::Change(std::string_view changes, const SeriesList* only) {
  if (!ApplyChanges(changes, only)) return Corrupt("whose changes do not make sense");
  return {};
}

Result<void> RowChain::Apply(std::string_view row) {
  const auto changes = Begin(row);
  if (!changes) return Fail(changes.error());
  return Change(*changes);
}

std::size_t RowChain::size_bytes() const {
  return head_.size() * 2 + sizes_.size() * sizeof(BlockSize) +
         series_.size() * (sizeof(SeriesKey) + 2 * sizeof(std::uint32_t)) +
         values_.size() * sizeof(std::int64_t) + unit_states_.size() * sizeof(UnitState) +
         changed_.size() * sizeof(changed_[0]);
}

RowWriter::RowWriter(RowChain chain, Time start) : start_(start) {
  std::vector<SeriesKey> series;
  series.swap(chain.series_);
  chain_ = std::move(chain);
  for (const SeriesKey& key : series) {
    chain_.series_.push_back(key);
    index_.AddLast(chain_.series_);
  }
  for (std::size_t n = 0; n < chain_.sizes_.size(); ++n)
    number_of_size_.emplace(chain_.sizes_[n].block_bytes, static_cast<std::uint32_t>(n));
}

std::size_t RowWriter::size_bytes() const {
  return chain_.size_bytes() + index_.size_bytes() + number_of_size_.size() * kSizeEntryBytes;
}

std::uint32_t RowWriter::SizeNumber(std::int64_t block_bytes) {
  const auto [known, is_new] =
      number_of_size_.try_emplace(block_bytes, static_cast<std::uint32_t>(chain_.sizes_.size()));
  if (is_new)
    chain_.sizes_.push_back(BlockSizeAt(block_bytes, chain_.head_profile_.sampling_period_bytes));
  return known->second;
}

std::uint32_t RowWriter::AddSeries(const SeriesKey& key) {
  const auto number = static_cast<std::uint32_t>(chain_.series_.size());
  chain_.series_.push_back(key);
  chain_.size_of_series_.push_back(SizeNumber(key.block_bytes));
  index_.AddLast(chain_.series_);
  return number;
}

// Series that are met for the first time are added to the chain. Profilers tell their samples in
// much the same order each time: mostly the series that follows the one before is meant.
std::vector<std::int64_t> RowWriter::Gather(const HeapProfile& profile, Row& row) {
  const std::size_t width = chain_.type_count_;
  std::vector<std::int64_t> now(chain_.values_.size(), 0);
  std::vector<bool> is_listed;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < profile.samples.size(); ++i) {
    const Sample& sample = profile.samples[i];
    const auto values = profile.values_of(i);
    if (std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; })) continue;
    const SeriesKey key{profile.stack_hashes[sample.stack.index()], sample.block_bytes};
    if (number >= chain_.series_.size() || chain_.series_[number] != key) {
      const auto known = index_.Find(chain_.series_, key);
      number = known ? *known : AddSeries(key);
      if (!known) {
        now.resize(now.size() + width, 0);
        is_listed.resize(profile.stack_count(), false);
        if (!is_listed[sample.stack.index()] && !index_before_.Find(series_before_, key)) {
          row.new_stacks.push_back(sample.stack);
        }
        is_listed[sample.stack.index()] = true;
      }
    }
    std::int64_t* const sums = &now[number++ * width];
    for (std::size_t k = 0; k < width; ++k) sums[k] = WrappingSum(sums[k], values[k]);
  }
  chain_.values_.resize(now.size(), 0);
  chain_.unit_states_.resize(chain_.series_.size() * chain_.units_.size());
  return now;
}

void RowWriter::WritePreamble(Time time, std::string_view head, std::size_t sizes_before,
                              std::size_t series_before, ByteWriter& out) const {
  const bool is_keyframe = chain_.row_count_ == 0;
  const RowKind kind = is_keyframe ? RowKind::kKeyframe : RowKind::kDelta;
  const bool has_head = head != chain_.head_ || is_keyframe;
  out.Byte(static_cast<std::uint8_t>(kFormat << kFormatShift | (has_head ? kHasHead : 0U) |
                                     (chain_.resident_bytes_ ? kHasResident : 0U) |
                                     static_cast<unsigned>(kind)));
  if (!is_keyframe) {
    out.Zigzag((time - start_).count());
    out.Varint(chain_.row_count_);
  }
  if (has_head) out.Text(head);
  if (chain_.resident_bytes_) out.Zigzag(*chain_.resident_bytes_);
  out.Varint(chain_.sizes_.size() - sizes_before);
  for (std::size_t i = sizes_before; i < chain_.sizes_.size(); ++i) {
    out.Zigzag(chain_.sizes_[i].block_bytes);
    out.Double(chain_.sizes_[i].scale);
  }
  out.Varint(chain_.series_.size() - series_before);
  for (std::size_t i = series_before; i < chain_.series_.size(); ++i) {
    out.Hash(chain_.series_[i].stack);
    out.Varint(chain_.size_of_series_[i]);
  }
}

void RowWriter::WriteChanges(std::vector<std::int64_t> values, ByteWriter& out) {
  const std::size_t width = chain_.type_count_;
  const unsigned mask_bits = 2 * static_cast<unsigned>(chain_.units_.size());
  std::size_t changed = 0;
  std::string tokens_and_steps;
  ByteWriter changes(tokens_and_steps);
  std::string steps;
  std::uint64_t next = 0;
  for (std::size_t number = 0; number < chain_.series_.size(); ++number) {
    const std::span<const std::int64_t> before(&chain_.values_[number * width], width);
    const std::span<const std::int64_t> now(&values[number * width], width);
    if (std::equal(before.begin(), before.end(), now.begin())) continue;
    steps.clear();
    ByteWriter step(steps);
    const BlockSize& size = chain_.sizes_[chain_.size_of_series_[number]];
    std::uint64_t mask = 0;
    for (std::size_t u = 0; u < chain_.units_.size(); ++u) {
      UnitState& state = chain_.unit_states_[number * chain_.units_.size() + u];
      const UnitChange change = WriteUnit(chain_.units_[u], size, before, now, state, step);
      mask |= static_cast<std::uint64_t>(change) << (2 * u);
    }
    changes.Varint((number - next) << mask_bits | mask);
    tokens_and_steps += steps;
    next = number + 1;
    ++changed;
  }
  out.Varint(changed);
  out.Raw(tokens_and_steps);
  chain_.values_ = std::move(values);
}

void RowWriter::BeginChain(Time time, std::string_view head) {
  series_before_ = std::move(chain_.series_);
  index_before_ = std::exchange(index_, {});
  number_of_size_.clear();
  chain_ = RowChain();
  chain_.SetHead(head);
  start_ = time;
  is_ended_ = false;
}

Result<RowWriter::Row> RowWriter::Write(Time time, const HeapProfile& profile) {
  if (profile.sample_types.empty() || profile.sample_types.size() > kMaxSampleTypes) {
    return Fail(ErrorCode::kInvalidArgument,
                "a profile with " + std::to_string(profile.sample_types.size()) +
                    " sample types; from 1 to " + std::to_string(kMaxSampleTypes) + " can be kept");
  }
  const HeapProfile& before = chain_.head_profile_;
  if (profile.sample_types != before.sample_types ||
      profile.sampling_period_bytes != before.sampling_period_bytes) {
    EndChain();
  }
  const std::string head = EncodeHead(profile);
  if (is_ended_) BeginChain(time, head);
  Row row;
  row.is_keyframe = chain_.row_count_ == 0;
  const std::size_t sizes_before = chain_.sizes_.size();
  const std::size_t series_before = chain_.series_.size();
  std::vector<std::int64_t> now = Gather(profile, row);
  chain_.resident_bytes_ = profile.resident_bytes;
  ByteWriter out(row.bytes);
  WritePreamble(time, head, sizes_before, series_before, out);
  WriteChanges(std::move(now), out);
  if (head != chain_.head_) chain_.SetHead(head);
  ++chain_.row_count_;
  series_before_ = std::vector<SeriesKey>();
  index_before_ = SeriesIndex();
  return row;
}

Result<RowWriter::Row> RowWriter::WriteAside(const HeapProfile& profile) {
  auto row = RowWriter().Write(Time(), profile);
  if (!row) return row;
  row->bytes[0] = static_cast<char>((static_cast<unsigned>(row->bytes[0]) & ~kKindMask) |
                                    static_cast<unsigned>(RowKind::kAside));
  row->is_keyframe = false;
  return row;
}

}  // namespace heapwatch
