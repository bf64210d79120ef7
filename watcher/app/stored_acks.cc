#include "watcher/app/stored_acks.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace heapwatch {
namespace {

constexpr std::string_view kKey = "acks";

}  // namespace

Result<void> StoredAcks::Restore() {
  const auto saved = store_.GetState(kKey);
  if (!saved) return Fail(saved.error());
  if (!*saved) return {};
  const std::scoped_lock lock(mutex_);
  const auto restored = book_.Restore(**saved);
  if (!restored) return Fail(restored.error());
  for (const std::string& entry : *restored)
    spdlog::error("a saved acknowledgement cannot be read and is gone: {}", entry);
  return {};
}

Result<void> StoredAcks::Keep(AckBook book) {
  if (auto kept = store_.PutState(kKey, book.Save()); !kept) return kept;
  book_ = std::move(book);
  return {};
}

Result<void> StoredAcks::Acknowledge(Ack ack) {
  const std::scoped_lock lock(mutex_);
  AckBook book = book_;
  if (auto added = book.Add(ack); !added) return added;
  if (auto kept = Keep(std::move(book)); !kept) return kept;
  spdlog::info("site {} is acknowledged by {} until {}: {}", ack.site_id, ack.author,
               FormatRfc3339(ack.expires), ack.reason);
  return {};
}

Result<Ack> StoredAcks::Withdraw(const std::string& site_id, const std::string& service,
                                 const std::string& author) {
  const std::scoped_lock lock(mutex_);
  AckBook book = book_;
  auto withdrawn = book.Withdraw(site_id, service, author, clock_.Now());
  if (!withdrawn) return withdrawn;
  if (auto kept = Keep(std::move(book)); !kept) return Fail(kept.error());
  spdlog::info("the acknowledgement of site {} is withdrawn by {}", site_id, author);
  return withdrawn;
}

AckBook StoredAcks::At(Time now) {
  const std::scoped_lock lock(mutex_);
  AckBook book = book_;
  if (book.Expire(now)) {
    if (auto kept = Keep(book); !kept)
      spdlog::error("an acknowledgement that expired could not be stored: {}",
                    kept.error().message);
  }
  return book;
}

AckBook StoredAcks::Book() const {
  const std::scoped_lock lock(mutex_);
  return book_;
}

}  // namespace heapwatch
