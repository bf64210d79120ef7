// Acknowledging a site over HTTP, and what was acknowledged.
//
//   POST /api/v1/sites/{id}/ack    {"by": "ann", "reason": "HEAP-42, fixed in v2.5",
//                                   "for": "7d", "service": "checkout"}
//   DELETE /api/v1/sites/{id}/ack  {"by": "bob", "service": "checkout"}
//   GET /api/v1/acks               what is acknowledged now, and the record of all changes
//
// Instead of `for` an `expires` in RFC 3339 may be given; without `service` it holds for every
// service that has the site. A site or a service that is not watched is 404. Who has logged in need
// not tell `by`, and is on record in any case. The body must be sent as application/json: no
// foreign page can make a browser do that unasked.
#pragma once

#include "alerting/acks.h"
#include "analysis/base/error.h"
#include "watcher/api/read_views.h"
#include "watcher/net/http.h"

namespace heapwatch {

// The seam to whoever keeps acknowledgements: durable when they return. Any thread.
class AckKeeper {
 public:
  virtual ~AckKeeper() = default;
  virtual Result<void> Acknowledge(Ack ack) = 0;
  virtual Result<Ack> Withdraw(const std::string& site_id, const std::string& service,
                               const std::string& author) = 0;
};

// Whether the request would change an acknowledgement: POST or DELETE /api/v1/sites/{id}/ack.
bool IsAckRequest(const HttpRequest& request);
HttpResponse HandleAck(const HttpRequest& request, const ReadViews& views, AckKeeper& keeper);

}  // namespace heapwatch
