// Where growth that many sites share comes from: the deepest function in or below which most of
// what grew was allocated. A struct leaks with all that hangs on it, each part allocated at a site
// of its own; what they have in common is who had them made. Pure.
//
//   stacks (leaf first) copy;Store.Push;serve +3 MiB, clone;Store.Push;serve +2 MiB, read;serve +1 MiB:
//     Store.Push, 5/6 of what grew
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "analysis/profile/diff.h"

namespace heapwatch {

struct CommonCaller {
  std::string function;
  double share = 0;  // of what grew at the sites that grew
};

// Of the growth of these sites (Site::id), of all where there are none. nullopt where one site
// holds most of it by itself, and where nothing is common but what most of the heap was below
// before, as main is.
std::optional<CommonCaller> FindCommonCaller(const ProfileDiff& diff,
                                             const std::set<ContentHash>& of = {});

// The sites most of whose memory, before and after, was allocated in the function or below it.
std::set<ContentHash> SitesBelow(const ProfileDiff& diff, std::string_view function);

}  // namespace heapwatch
