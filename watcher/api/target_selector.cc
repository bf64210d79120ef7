#include "watcher/api/target_selector.h"

#include <algorithm>
#include <string>

namespace heapwatch {
namespace {

constexpr std::size_t kMostCandidates = 10;

std::string Describe(const StoredTarget& target) {
  return target.id.ToString() + " " + ToString(target.labels);
}

std::string List(const std::vector<StoredTarget>& targets) {
  std::string out;
  for (std::size_t i = 0; i < std::min(targets.size(), kMostCandidates); ++i)
    out += (i == 0 ? "" : "; ") + Describe(targets[i]);
  if (targets.size() > kMostCandidates)
    out += "; and " + std::to_string(targets.size() - kMostCandidates) + " more";
  return out;
}

void SkipSpace(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == ' ') ++at;
}

bool IsNameChar(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

// A quoted value at `at`, with \" \\ and \n, moving behind the closing quote.
bool ReadQuoted(std::string_view text, std::size_t& at, std::string& value) {
  if (at >= text.size() || text[at] != '"') return false;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      ++at;
      return true;
    }
    if (text[at] == '\\') {
      if (++at == text.size()) return false;
      value += text[at] == 'n' ? '\n' : text[at];
    } else {
      value += text[at];
    }
  }
  return false;
}

bool Has(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const auto& label) { return Get(labels, label.first) == label.second; });
}

std::vector<StoredTarget> Those(const std::vector<StoredTarget>& targets, const Labels& wanted) {
  std::vector<StoredTarget> out;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(out),
               [&](const StoredTarget& target) { return Has(target.labels, wanted); });
  return out;
}

}  // namespace

Result<Labels> ParseSelector(std::string_view text) {
  const auto bad = [&](std::size_t at) {
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(text) + "\" is not a label selector (at character " +
                    std::to_string(at + 1) + "): write it like job=\"api\",instance=\"host:6060\"");
  };
  std::string_view inner = text;
  if (inner.starts_with('{') && inner.ends_with('}')) inner = inner.substr(1, inner.size() - 2);
  Labels labels;
  std::size_t at = 0;
  for (SkipSpace(inner, at); at < inner.size(); SkipSpace(inner, at)) {
    const std::size_t begin = at;
    while (at < inner.size() && IsNameChar(inner[at], at == begin)) ++at;
    const std::string name(inner.substr(begin, at - begin));
    SkipSpace(inner, at);
    if (name.empty() || at == inner.size() || inner[at] != '=') return bad(at);
    ++at;
    SkipSpace(inner, at);
    std::string value;
    if (!ReadQuoted(inner, at, value)) return bad(at);
    if (!labels.emplace(name, value).second) return bad(begin);
    SkipSpace(inner, at);
    if (at < inner.size() && inner[at++] != ',') return bad(at - 1);
  }
  if (labels.empty()) return bad(0);
  return labels;
}

Result<StoredTarget> SelectTarget(std::string_view text, const std::vector<StoredTarget>& targets) {
  std::vector<StoredTarget> matches;
  if (const auto id = TargetId::Parse(text)) {
    std::copy_if(targets.begin(), targets.end(), std::back_inserter(matches),
                 [&](const StoredTarget& t) { return t.id == *id; });
  } else {
    Labels wanted = {{"instance", std::string(text)}};
    if (text.find('=') != std::string_view::npos) {
      auto labels = ParseSelector(text);
      if (!labels) return Fail(labels.error().In("target"));
      wanted = std::move(*labels);
    }
    matches = Those(targets, wanted);
  }
  if (matches.size() == 1) return matches.front();
  const std::string quoted = "target \"" + std::string(text) + "\"";
  if (!matches.empty()) {
    return Fail(ErrorCode::kInvalidArgument, quoted + " fits " + std::to_string(matches.size()) +
                                                 " targets, name one by its id: " + List(matches));
  }
  if (targets.empty())
    return Fail(ErrorCode::kNotFound, quoted + ": no target has been scraped with success yet");
  const auto replicas = Those(targets, {{"service", std::string(text)}});
  if (replicas.empty())
    return Fail(ErrorCode::kNotFound, quoted + " is unknown: there is " + List(targets));
  const std::string selector = "service=\"" + std::string(text) + "\"";
  return Fail(ErrorCode::kNotFound,
              quoted + " is unknown, but a service is called so: give " + selector +
                  (replicas.size() == 1
                       ? ""
                       : " with a label that only one of its targets has: " + List(replicas)));
}

}  // namespace heapwatch
