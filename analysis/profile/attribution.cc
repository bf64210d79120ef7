#include "analysis/profile/attribution.h"

#include <re2/re2.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

#include "analysis/base/utf8.h"
#include "analysis/base/whole_match.h"
#include "analysis/profile/site_names.h"

namespace heapwatch {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// What has been decided about a function, for all profiles to come.
struct Decision {
  bool is_skipped = false;
  std::string name;  // of the site: normalised, and valid UTF-8
};

// Beyond so much memory decisions are made anew each time: names come from peers, of any number and
// length.
constexpr std::size_t kMaxDecisionBytes = 128U << 20;
constexpr std::size_t kDecisionBytes = 128;  // of each, beside its texts

class RuleAttributor final : public SiteAttributor {
 public:
  RuleAttributor(bool use_defaults, std::unique_ptr<RE2> skip)
      : use_defaults_(use_defaults), skip_(std::move(skip)) {}

  Site Attribute(const HeapProfile& profile, StackId stack) const override {
    const Line* leaf = nullptr;
    const Location* unnamed = nullptr;
    for (const LocationId id : profile.stack(stack)) {
      const Location& location = profile.locations[id.index()];
      if (location.line_count == 0 && unnamed == nullptr && !IsInAllocator(profile, location)) {
        unnamed = &location;
      }
      for (const Line& line : profile.lines_of(location)) {
        if (leaf == nullptr) leaf = &line;
        Decision decision = Decide(profile.functions[line.function.index()]);
        if (!decision.is_skipped) return SiteOf(profile, line, std::move(decision.name));
      }
    }
    if (unnamed != nullptr) return Unnamed(profile, *unnamed);
    if (leaf != nullptr) {
      return SiteOf(profile, *leaf, Decide(profile.functions[leaf->function.index()]).name);
    }
    const auto locations = profile.stack(stack);
    if (locations.empty()) return Site{.function = "(no stack)"};
    return Unnamed(profile, profile.locations[locations.front().index()]);
  }

 private:
  static std::string_view NameOf(const Function& function) {
    return function.name.empty() ? function.system_name : function.name;
  }

  Decision Decide(const Function& function) const {
    const std::string_view name = NameOf(function);
    {
      const std::shared_lock lock(mutex_);
      const auto known = decisions_.find(name);
      if (known != decisions_.end()) return known->second;
    }
    Decision decision{.is_skipped = skip_ != nullptr && MatchesWhole(name, *skip_),
                      .name = ToUtf8(NormalizeFunctionName(name))};
    const std::unique_lock lock(mutex_);
    const std::size_t bytes = kDecisionBytes + name.size() + decision.name.size();
    if (bytes <= kMaxDecisionBytes - decision_bytes_ &&
        decisions_.emplace(std::string(name), decision).second) {
      decision_bytes_ += bytes;
    }
    return decision;
  }

  static Site SiteOf(const HeapProfile& profile, const Line& line, std::string name) {
    const Function& function = profile.functions[line.function.index()];
    Site site{.function = std::move(name), .file = ToUtf8(function.file), .line = line.line};
    if (function.start_line > 0 && line.line > 0) {
      site.line = line.line - function.start_line;
      site.line_is_relative = true;
    }
    return site;
  }

  // Without names only the file tells allocators and their wrappers.
  bool IsInAllocator(const HeapProfile& profile, const Location& location) const {
    if (!use_defaults_ || !location.mapping) return false;
    std::string_view file = profile.mappings[location.mapping->index()].file;
    file.remove_prefix(file.rfind('/') + 1);
    const auto libraries = AllocatorLibraries();
    return std::any_of(libraries.begin(), libraries.end(),
                       [&](std::string_view library) { return file.starts_with(library); });
  }

  static Site Unnamed(const HeapProfile& profile, const Location& location) {
    Site site{.function = ToUtf8(OffsetName(profile, location))};
    if (location.mapping) site.file = ToUtf8(profile.mappings[location.mapping->index()].file);
    return site;
  }

  bool use_defaults_;
  std::unique_ptr<RE2> skip_;  // null: nothing is skipped
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<std::string, Decision, TextHash, std::equal_to<>> decisions_;
  mutable std::size_t decision_bytes_ = 0;
};

}  // namespace

std::uint64_t SiteAttributor::NextSerial() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

Result<std::shared_ptr<const SiteAttributor>> SiteAttributor::Create(const SiteRules& rules) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_dot_nl(true);
  std::string all;
  const auto add = [&all](std::string_view pattern) {
    if (!all.empty()) all += '|';
    all.append("(?:").append(pattern).append(")");
  };
  if (rules.use_defaults) {
    for (const std::string_view pattern : DefaultSkipPatterns()) add(pattern);
  }
  for (const std::string& pattern : rules.skip_functions) {
    const RE2 alone(pattern, options);
    if (!alone.ok()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "skip_functions: \"" + pattern + "\" is no RE2 pattern: " + alone.error());
    }
    add(pattern);
  }
  std::unique_ptr<RE2> skip;
  if (!all.empty()) {
    skip = std::make_unique<RE2>(all, options);
    if (!skip->ok()) return Fail(ErrorCode::kInvalidArgument, "skip_functions: " + skip->error());
  }
  return std::make_shared<const RuleAttributor>(rules.use_defaults, std::move(skip));
}

}  // namespace heapwatch
