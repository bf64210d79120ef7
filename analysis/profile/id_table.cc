#include "analysis/profile/id_table.h"

#include <bit>

namespace heapwatch {

void IdTable::Clear() {
  in_order_ = 0;
  others_.clear();
}

bool IdTable::InsertOther(std::uint64_t id, std::uint32_t index) {
  std::uint32_t known = 0;
  return !Find(id, known) && others_.emplace(id, index).second;
}

bool IdTable::FindOther(std::uint64_t id, std::uint32_t& index) const {
  const auto found = others_.find(id);
  if (found == others_.end()) return false;
  index = found->second;
  return true;
}

void IndexTable::Reset(std::size_t most, std::size_t index_end) {
  const std::size_t size = std::bit_ceil(most + most / 2 + 2);
  slots_.assign(size, kEmpty);
  mask_ = slots_.size() - 1;
  index_mask_ = static_cast<std::uint32_t>((std::uint64_t{1} << std::bit_width(index_end)) - 1);
}

}  // namespace heapwatch
