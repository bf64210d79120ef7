// The few shapes an answer comes in.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "analysis/base/error.h"
#include "watcher/net/http.h"

namespace heapwatch {

// {"status":"success","data":...}
HttpResponse JsonReply(boost::json::value data);

// {"status":"error","errorType":"not_found","error":"..."} with the status code that goes with it.
HttpResponse ErrorReply(const Error& error);

// Nothing is at the address asked for: said as a page that leads back to the first one where a
// browser would show the answer and the address is none of the API's, else as an error.
HttpResponse NoSuchAddress(const HttpRequest& request, const std::string& message);

// Puts what a refusal in plain text says into that envelope; its status and its headers stay.
void PutInEnvelope(HttpResponse& refusal);

// A file to be saved under `file_name`, from which all but letters, digits, '.', '_' and '-' are
// replaced.
HttpResponse FileReply(std::string content_type, std::string file_name, std::string body);

// Whether the asker understands gzip.
bool AcceptsGzip(const HttpRequest& request);

// Compresses the body of an answer that is text and longer than a packet, for those who understand.
void Compress(const HttpRequest& request, HttpResponse& response);

}  // namespace heapwatch
