// What a request's header tells about whether it may be served: which role it takes, and whether a
// foreign page made a browser send it. Pure.
#pragma once

#include <string_view>

#include "config/web_config.h"
#include "watcher/net/http.h"

namespace heapwatch {

// The addresses that take profiles: see watcher/push.
bool IsPush(const HttpRequest& request);

bool MayServe(Role role, const HttpRequest& request);

// A request that changes something, sent by a browser for a page of another origin. Browsers tell
// by Sec-Fetch-Site, those without by Origin, which must name the host asked or that of
// `external_authority` ("heapwatch.example.com"); other clients send neither and are not steered by
// pages.
bool IsForged(const HttpRequest& request, std::string_view external_authority);

}  // namespace heapwatch
