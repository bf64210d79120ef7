// Work that must not take more with it than itself: an exception out of it becomes its error. One
// target whose profile takes more memory than there is costs that target its scrape or its verdict,
// not the service. Any thread.
#pragma once

#include <exception>
#include <new>
#include <type_traits>

#include "analysis/base/error.h"

namespace heapwatch {

// What `work`, which gives a Result, comes to; kInternal where it throws.
template <class Work>
std::invoke_result_t<Work&> Attempt(Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kInternal, "out of memory");
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInternal, error.what());
  }
}

}  // namespace heapwatch
