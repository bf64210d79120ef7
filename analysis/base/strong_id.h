// Index types that cannot be mistaken for one another: StackId where SiteId is wanted does not
// compile.
//
//   struct SiteTag; using SiteId = StrongId<SiteTag>;   SiteId s{3};   sites[s.index()]
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace heapwatch {

template <class Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(std::uint32_t value) : value_(value) {}
  constexpr explicit StrongId(std::size_t index) : value_(static_cast<std::uint32_t>(index)) {}

  constexpr std::uint32_t value() const { return value_; }
  constexpr std::size_t index() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  std::uint32_t value_ = 0;
};

// A name made from content: equal content gives an equal hash, on every machine and in every
// version that reads the store. 128 bits, so that a collision between the stacks of a whole fleet
// need not be thought about.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  constexpr auto operator<=>(const ContentHash&) const = default;
};

}  // namespace heapwatch

template <class Tag>
struct std::hash<heapwatch::StrongId<Tag>> {
  std::size_t operator()(heapwatch::StrongId<Tag> id) const noexcept { return id.index(); }
};
template <>
struct std::hash<heapwatch::ContentHash> {
  std::size_t operator()(const heapwatch::ContentHash& h) const noexcept { return h.low; }
};
