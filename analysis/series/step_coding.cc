#include "analysis/series/step_coding.h"

#include <algorithm>

#include "analysis/series/value_coding.h"

namespace heapwatch {
namespace {

class StepWriter {
 public:
  explicit StepWriter(ByteWriter& out) : out_(out) {}
  void Add(std::int64_t value) {
    if (value == last_) {
      ++still_;
      return;
    }
    EndRun();
    const std::int64_t step = WrappingDifference(value, last_);
    const std::uint64_t zigzag =
        (static_cast<std::uint64_t>(step) << 1) ^ static_cast<std::uint64_t>(step >> 63);
    // Steps that lose their top bit by doubling are told as nothing and the value in full.
    if (zigzag >> 63 != 0) {
      out_.Varint(0);
      out_.Fixed64(static_cast<std::uint64_t>(value));
    } else {
      out_.Varint(zigzag << 1);
    }
    last_ = value;
  }
  void EndRun() {
    if (still_ > 0) out_.Varint((still_ - 1) << 1 | 1);
    still_ = 0;
  }

 private:
  ByteWriter& out_;
  std::int64_t last_ = 0;
  std::uint64_t still_ = 0;
};

}  // namespace

void WriteSteps(std::span<const std::int64_t> values, ByteWriter& out) {
  StepWriter steps(out);
  for (const std::int64_t value : values) steps.Add(value);
  steps.EndRun();
}

bool ReadSteps(ByteReader& in, std::span<std::int64_t> values) {
  return ForEachStretch(in, values.size(),
                        [&](std::size_t begin, std::size_t count, std::int64_t value) {
                          std::fill_n(values.data() + begin, count, value);
                          return true;
                        });
}

bool ReadStepsAt(ByteReader& in, std::size_t width, std::size_t snapshot, std::int64_t& value) {
  return ForEachStretch(in, width, [&](std::size_t begin, std::size_t count, std::int64_t told) {
    if (snapshot >= begin && snapshot - begin < count) value = told;
    return true;
  });
}

}  // namespace heapwatch
