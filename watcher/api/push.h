// Profiles that are pushed: POST /api/v1/profiles, and POST /ingest as Pyroscope's agents send
// them (watcher/push/push_request.h has their parameters).
//
// 200 when the profile is durable. At /ingest 200, too, for a profile of something else than a heap
// (agents send CPU and locks the same way): it is not kept, and the body says so.
#pragma once

#include "watcher/net/http.h"
#include "watcher/push/pushed_targets.h"

namespace heapwatch {

// 429 asks the sender to come again later; 413 tells that what it sent is too large to be read.
HttpResponse HandlePush(const HttpRequest& request, Time now, PushedTargets& targets);

}  // namespace heapwatch
