// The acknowledgements of the running service: kept in the store, changed by the API, read by each
// evaluation. Any thread.
#pragma once

#include <mutex>
#include <string>

#include "alerting/acks.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "watcher/api/ack.h"
#include "watcher/net/clock.h"
#include "watcher/store/store.h"

namespace heapwatch {

class StoredAcks : public AckKeeper {
 public:
  StoredAcks(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // What the process before had. Before anything else.
  Result<void> Restore();

  Result<void> Acknowledge(Ack ack) override;
  Result<Ack> Withdraw(const std::string& site_id, const std::string& service,
                       const std::string& author) override;

  // As it is at `now`: what has expired by then is out.
  AckBook At(Time now);
  AckBook Book() const;

 private:
  // Puts `book` in force once it is in the store.
  Result<void> Keep(AckBook book);

  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  AckBook book_;  // guarded by mutex_
};

}  // namespace heapwatch
