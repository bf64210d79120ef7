// Decides which site a stack belongs to.
//
// Rules are compiled once; a function is judged once for as long as the attributor lives, whatever
// the number of stacks and scrapes it stands in. Safe to call from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/profile/site.h"

namespace heapwatch {

// RE2 patterns over function names, fully anchored as in Prometheus. A frame that matches is passed
// over on the way from the leaf; a stack of nothing else belongs to its leaf. The defaults know
// Go's, C++'s and Rust's allocators and helpers. Where nothing in a stack has a name, or nothing
// but allocators, the site is the offset in the leaf-most file that is no allocator's library.
struct SiteRules {
  std::vector<std::string> skip_functions = {};  // added to the defaults
  bool use_defaults = true;
  bool operator==(const SiteRules&) const = default;
};

class SiteAttributor {
 public:
  static Result<std::shared_ptr<const SiteAttributor>> Create(const SiteRules& rules);
  virtual ~SiteAttributor() = default;

  virtual Site Attribute(const HeapProfile& profile, StackId stack) const = 0;

  // Of this process, no two attributors have the same: what sites are remembered under.
  std::uint64_t serial() const { return serial_; }

 private:
  static std::uint64_t NextSerial();

  const std::uint64_t serial_ = NextSerial();
};

}  // namespace heapwatch
