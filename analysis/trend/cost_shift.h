// Recognises a site under the new name that a build has given it: code that was renamed, moved or
// inlined allocates the same objects as before, under another function or line. Without this a leak
// that is known would be a stranger after each such deploy. Pure.
//
// A site took the place of another if the other allocated before the deploy and no longer does, it
// did not allocate before and does now, and the two allocate alike: objects of the same mean size,
// and about as many bytes a second. The mean size is a fine mark, as most sites mix sizes of their
// own; the rate is a rough one, as the load changes. Of several that fit, the one alike most.
//
// Example: before the deploy store.load allocated 40 kB/s in objects of 312 bytes on average, since
// then nothing; store.(*Table).load is new and allocates 46 kB/s in objects of 305 bytes: the same.
#pragma once

#include <cstddef>
#include <optional>

#include "analysis/series/site_window.h"

namespace heapwatch {

// The site that `site` took the place of when the life that observation end - 1 belongs to began
// with another build; nullopt where there is none, or where the target does not tell allocations.
std::optional<SiteId> Predecessor(const SiteWindow& window, std::size_t end, SiteId site);

}  // namespace heapwatch
