// The read side over HTTP: every question that can be asked of a running Heapwatch, answered from
// ReadViews.
//
// A plain function, without sockets or threads of its own; any number of threads may call it.
// Answers are JSON in Prometheus' envelope, {"status":"success","data":...} or
// {"status":"error","errorType":...,"error":...}, but where a format is asked for. Times are given
// as ParseTime takes them. A parameter that an address does not know is refused by name, so that a
// misspelt one never passes for an answer to the question meant. HEAD is answered as GET; the
// server drops the body.
#pragma once

#include "watcher/api/read_views.h"
#include "watcher/net/http.h"

namespace heapwatch {

HttpResponse HandleApi(const HttpRequest& request, const ReadViews& views);

}  // namespace heapwatch
