// What Alertmanager's v2 API takes: POST {path_prefix}/api/v2/alerts with a JSON array of
// {labels, annotations, startsAt, endsAt, generatorURL}. Pure.
//
// Alertmanager keeps the valid alerts of a batch even where it answers 400 for others: such a batch
// is not to be sent again.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "alerting/notifier.h"

namespace heapwatch {

// As many as Prometheus sends at once.
inline constexpr std::size_t kMaxAlertsPerBatch = 256;

// Valid UTF-8 whatever the labels hold; labels without a value are left out, as Alertmanager would.
std::string AlertmanagerPayload(std::span<const Alert> alerts);

// "/api/v2/alerts" under the prefix, which may have a slash at its end or not.
std::string AlertmanagerPath(std::string_view path_prefix);

}  // namespace heapwatch
