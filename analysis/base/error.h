// What every function that can fail in an expected way returns: a value, or one Error.
//
// The message is written for the person who reads it in a log or on a page: it names the input, the
// place in it, and where it helps the way out. Exceptions are kept for start-up, configuration and
// programmer errors.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace heapwatch {

enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something that makes no sense; asking again will not
                     // help
  kNotFound,         // no such target, snapshot, site or file
  kWrongFormat,      // the bytes are something else altogether, for instance an HTML page
  kCorrupt,          // the bytes claim a format and break its rules
  kLimit,            // a configured bound was reached
  kTimeout,
  kUnavailable,  // a peer, a disk or a service cannot be reached now; asking again may help
  kInternal,
};

struct Error {
  ErrorCode code;
  std::string message;

  // The same error with "where: " put in front of its message.
  Error In(std::string_view where) const;
};

std::string_view ToString(ErrorCode code);

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace heapwatch
