// For tables keyed by numbers that a peer chose: those could be chosen so that all fall into one
// bucket, if the hash were the same in every process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace heapwatch {

struct SeededHash {
  std::size_t operator()(std::uint64_t number) const {
    static const std::uint64_t seed =
        std::uint64_t{std::random_device()()} << 32U ^ std::random_device()();
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{number ^ seed} * 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(product >> 64U) ^ static_cast<std::size_t>(product);
  }
};

}  // namespace heapwatch
