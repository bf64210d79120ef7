// The body of a request that changes something: a JSON object whose members are all texts.
//
// It must be sent as application/json: no foreign page can make a browser do that unasked. Errors
// are kInvalidArgument and name the member.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "watcher/net/http.h"

namespace heapwatch {

class JsonBody {
 public:
  // Refuses members that are not among `known`.
  static Result<JsonBody> Read(const HttpRequest& request,
                               std::initializer_list<std::string_view> known);

  bool Has(std::string_view name) const { return members_.contains(name); }
  std::string Text(std::string_view name) const;  // "" where it is absent
  // Who does it, as the member `by` tells. Who has logged in is on record as himself, whatever he
  // calls himself.
  std::string By() const;

 private:
  JsonBody(boost::json::object members, std::string user)
      : members_(std::move(members)), user_(std::move(user)) {}

  boost::json::object members_;
  std::string user_;
};

}  // namespace heapwatch
