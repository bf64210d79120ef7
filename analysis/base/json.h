// JSON as people like to read it: 250000 and 0.25, where Boost.JSON alone would print 2.5E5 and
// 2.5E-1. Numbers keep every digit that tells them apart from their neighbours; infinities and NaN,
// which JSON lacks, become null, and bytes that are not UTF-8 become U+FFFD (utf8.h). Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace heapwatch {

std::string ToJson(const boost::json::value& value);

}  // namespace heapwatch
