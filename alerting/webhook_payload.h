// What a generic webhook is sent: one alert as one JSON document, with everything that is known of
// it. README.md documents its members. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "alerting/finding.h"
#include "alerting/notifier.h"
#include "analysis/profile/diff.h"

namespace heapwatch {

// The finding with the verdict of each replica, the worst of them: what Alert::finding_json holds.
std::string FindingJson(const Finding& finding);

// The document. `diff` is that of the alert's evidence, null where it could not be had. What would
// make it larger than `max_bytes` is left out, attachments first, and named under "left_out".
std::string WebhookBody(const Alert& alert, const ProfileDiff* diff, std::size_t max_bytes);

}  // namespace heapwatch
