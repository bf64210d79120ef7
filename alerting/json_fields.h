// The fields that what alerting saves is made of. The readers throw where a field is missing or of
// another type, as Boost.JSON does; each Restore catches it, TakeEntries what concerns one entry.
// Times are milliseconds since the epoch.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/base/time.h"

namespace heapwatch {

// What was saved as an object with this `version`.
boost::json::object ParseSaved(std::string_view text, std::int64_t version);

// Hands the entries of the array `name` to `take`, one by one. One that cannot be read must not
// cost the others: which it is, and why, goes into `passed_over`.
void TakeEntries(const boost::json::object& in, std::string_view name,
                 const std::function<void(const boost::json::value&)>& take,
                 std::vector<std::string>& passed_over);

std::string TextField(const boost::json::object& in, std::string_view name);
Time TimeField(const boost::json::object& in, std::string_view name);
// An absent time is an absent field.
std::optional<Time> OptionalTimeField(const boost::json::object& in, std::string_view name);
void PutTime(boost::json::object& out, std::string_view name, const std::optional<Time>& time);

}  // namespace heapwatch
