// What a pusher sent, taken apart: whose heap, when, and the profile's bytes. Pure.
//
//   POST /api/v1/profiles?service=checkout&version=v2&time=now     the body is the profile, in any
//     format the decoder reads; every other parameter is a label. `alloc=delta` says that its alloc
//     values count since the push before, as those of /debug/pprof/delta_heap do.
//   POST /ingest?name=checkout{version=v2}&until=1700000000&format=pprof    as Pyroscope's agents
//     do: the profile as the body, or a form with `profile` and `sample_type_config`.
//
// What is missing is filled in: job and service from each other, instance from the pod or host name
// or the pusher's address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"
#include "analysis/base/time.h"
#include "watcher/net/http.h"

namespace heapwatch {

struct PushRequest {
  Labels labels;
  std::optional<Time> time;  // where the pusher tells it
  std::string_view profile;  // into the request's body
  // Alloc counts since the push before, not since the process began.
  bool alloc_is_delta = false;
};

// kInvalidArgument names the parameter and the way out.
Result<PushRequest> ParsePush(const HttpRequest& request, Time now);
Result<PushRequest> ParseIngest(const HttpRequest& request, Time now);

}  // namespace heapwatch
