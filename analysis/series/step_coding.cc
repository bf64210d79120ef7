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

// A step from its code, which is even and not 0.
std::int64_t StepOf(std::uint64_t code) {
  const std::uint64_t zigzag = code >> 1;
  return static_cast<std::int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
}

}  // namespace

void WriteSteps(std::span<const std::int64_t> values, ByteWriter& out) {
  StepWriter steps(out);
  for (const std::int64_t value : values) steps.Add(value);
  steps.EndRun();
}

bool ReadSteps(ByteReader& in, std::span<std::int64_t> values) {
  std::int64_t last = 0;
  std::size_t at = 0;
  while (at < values.size()) {
    const std::uint64_t code = in.Varint();
    if ((code & 1) != 0) {
      const std::uint64_t run = (code >> 1) + 1;
      if (run > values.size() - at) return false;
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(at), run, last);
      at += run;
      continue;
    }
    if (code == 0) {
      if (!in.ok()) return false;
      last = static_cast<std::int64_t>(in.Fixed64());
    } else {
      last = WrappingSum(last, StepOf(code));
    }
    values[at++] = last;
  }
  return in.ok();
}

bool ReadStepsAt(ByteReader& in, std::size_t width, std::size_t snapshot, std::int64_t& value) {
  std::int64_t last = 0;
  for (std::size_t at = 0; at < width;) {
    const std::uint64_t code = in.Varint();
    std::uint64_t run = 1;
    if ((code & 1) != 0) {
      run = (code >> 1) + 1;
      if (run > width - at) return false;
    } else if (code == 0) {
      if (!in.ok()) return false;
      last = static_cast<std::int64_t>(in.Fixed64());
    } else {
      last = WrappingSum(last, StepOf(code));
    }
    if (snapshot >= at && snapshot - at < run) value = last;
    at += run;
  }
  return in.ok();
}

}  // namespace heapwatch
