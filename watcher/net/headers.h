// Shared by client and server, for their .cc files only: Beast's header fields as plain labels.
#pragma once

#include <string>

#include "analysis/base/labels.h"

namespace heapwatch {

// Names in lower case; of a name that stands several times, the last.
template <class Fields>
Labels HeadersOf(const Fields& fields) {
  Labels headers;
  for (const auto& field : fields) {
    std::string name(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    headers[std::move(name)] = std::string(field.value());
  }
  return headers;
}

}  // namespace heapwatch
