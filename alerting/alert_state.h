// The life of every alert, from first suspicion to resolved. Time is an argument; the state is plain data that is saved in the
// store after each step, so that a restart neither fires anew nor forgets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"
#include "config/config.h"

namespace heapwatch {

enum class AlertPhase : std::uint8_t { kPending, kFiring, kResolved };
std::string_view ToString(AlertPhase phase);  // "pending", "firing", "resolved"

// What the API and the page show of an alert.
struct AlertView {
  AlertPhase phase = AlertPhase::kPending;
  Labels labels;
  Labels annotations;
  Time pending_since;
  Time firing_since;   // meaningful from kFiring on
  Time resolved_at;    // meaningful in kResolved
  std::string site_id;  // Site::id_text()
};

}  // namespace heapwatch
