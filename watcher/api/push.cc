#include "watcher/api/push.h"

#include "analysis/base/labels.h"
#include "watcher/api/reply.h"
#include "watcher/store/target_id.h"

namespace heapwatch {

HttpResponse HandlePush(const HttpRequest& request, Time now, PushedTargets& targets) {
  const bool is_ingest = request.path == "/ingest";
  const auto push = is_ingest ? ParseIngest(request, now) : ParsePush(request, now);
  if (!push) return ErrorReply(push.error());
  const auto kept = targets.Push(*push, request.peer);
  if (kept) {
    return JsonReply(boost::json::object{{"id", TargetId::Of(push->labels).ToString()},
                                         {"labels", boost::json::value_from(push->labels)}});
  }
  PushError error = kept.error();
  if (error.code == ErrorCode::kWrongFormat && is_ingest)
    return JsonReply(boost::json::object{{"ignored", "not a heap profile: " + error.message}});
  // What cannot be read is the sender's mistake here, not a broken store's.
  if (error.code == ErrorCode::kWrongFormat || error.code == ErrorCode::kCorrupt)
    error.code = ErrorCode::kInvalidArgument;
  HttpResponse response = ErrorReply(error);
  if (error.code == ErrorCode::kLimit) response.status = error.is_to_come_again ? 429 : 413;
  return response;
}

}  // namespace heapwatch
