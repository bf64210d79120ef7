// Acknowledgements: somebody knows that a site grows, says so with a name and a reason, and nobody
// is woken by it until a moment of their choosing. Time is an argument; plain state that is saved
// after each change.
//
// An acknowledgement holds for every version of the service, or of all services where it names
// none. One that was given while only a ticket was open does not hold back a page: that the limit
// is near is news.
//
// Every change is kept for the record, the latest kMaxAudit of them. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/alert_rules.h"
#include "analysis/base/error.h"
#include "analysis/base/time.h"

namespace heapwatch {

struct Ack {
  std::string site_id;  // Site::id_text()
  std::string service;  // "": of any
  std::string author;
  std::string reason;
  Time created;
  Time expires;
  bool covers_pages = false;
  bool operator==(const Ack&) const = default;
};

struct AckRecord {
  Time time;
  std::string action;  // "acknowledged", "replaced", "withdrawn", "expired"
  std::string by;      // "" where it expired
  Ack ack;
  bool operator==(const AckRecord&) const = default;
};

class AckBook {
 public:
  // Replaces what was acknowledged of the same site and service. Errors: kInvalidArgument (no
  // author, no reason, too long a text, an expiry that is past or more than a year ahead; the
  // message says which), kLimit.
  Result<void> Add(Ack ack);
  // Errors: kInvalidArgument (no author), kNotFound.
  Result<Ack> Withdraw(std::string_view site_id, std::string_view service, std::string_view author,
                       Time now);
  // Moves what has expired to the record; true where there was any.
  bool Expire(Time now);

  // What spares people an alert of these at `now`.
  std::optional<Mute> MuteOf(std::string_view site_id, std::string_view service,
                             std::string_view severity, Time now) const;

  std::vector<Ack> Active() const;
  std::vector<AckRecord> Audit() const;  // newest first

  // JSON, with its version in it. Restore passes over entries that it cannot read, and gives what
  // they are and why; it fails with kCorrupt and changes nothing where the whole text cannot be
  // read.
  std::string Save() const;
  Result<std::vector<std::string>> Restore(std::string_view text);

  static constexpr std::size_t kMaxActive = 1000;
  static constexpr std::size_t kMaxAudit = 1000;
  static constexpr std::size_t kMaxTextRunes = 1000;

 private:
  void Record(Time time, std::string action, std::string by, const Ack& ack);

  std::map<std::pair<std::string, std::string>, Ack> active_;  // by site and service
  std::deque<AckRecord> audit_;                                // oldest first
};

}  // namespace heapwatch
