#include "config/relabel.h"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "config/targets.h"

namespace heapwatch {
namespace {

bool IsOfNames(RelabelAction action) {
  return action == RelabelAction::kLabelMap || action == RelabelAction::kLabelDrop ||
         action == RelabelAction::kLabelKeep;
}

bool NeedsTarget(RelabelAction action) {
  switch (action) {
    case RelabelAction::kReplace:
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
    case RelabelAction::kHashMod:
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      return true;
    default:
      return false;
  }
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// What can become a label's name once its groups are put in; Prometheus' pattern.
bool CanBecomeName(const std::string& text) {
  static const RE2 pattern(R"((?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+)");
  return RE2::FullMatch(text, pattern);
}

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

const std::string& NameOf(RelabelAction action) {
  return RelabelActionNames()[static_cast<std::size_t>(action)];
}

// The label that the rule sets.
Result<void> CheckTarget(const RelabelConfig& rule) {
  const auto never_a_name = [](const std::string& field, const std::string& text) {
    return Bad(field + ": \"" + text +
               "\" can never be a label name: expected letters, digits, _ and groups such as $1 or "
               "${name}, not a digit first");
  };
  if (rule.action == RelabelAction::kLabelMap && !CanBecomeName(rule.replacement))
    return never_a_name("replacement", rule.replacement);
  if (!NeedsTarget(rule.action)) return {};
  if (rule.target_label.empty())
    return Bad("action " + NameOf(rule.action) + " needs a target_label");
  if (rule.action == RelabelAction::kReplace) {
    if (!CanBecomeName(rule.target_label)) return never_a_name("target_label", rule.target_label);
  } else if (!IsLabelName(rule.target_label)) {
    return Bad("target_label: \"" + rule.target_label + "\" is no label name");
  }
  return {};
}

// Fields that the rule's action has no use for; those that Prometheus refuses.
Result<void> CheckForTooMuch(const RelabelConfig& rule) {
  const RelabelConfig plain;
  const bool has_own_replacement = rule.replacement != plain.replacement;
  const bool has_more =
      has_own_replacement || rule.separator != plain.separator || rule.modulus != plain.modulus;
  switch (rule.action) {
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      if (has_own_replacement)
        return Bad("action " + NameOf(rule.action) + " takes no replacement");
      break;
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      if (has_more || rule.regex != plain.regex)
        return Bad("action " + NameOf(rule.action) + " takes source_labels and target_label only");
      break;
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep:
      if (has_more || !rule.source_labels.empty() || !rule.target_label.empty())
        return Bad("action " + NameOf(rule.action) + " takes regex only");
      break;
    default:
      break;
  }
  return {};
}

std::uint64_t HashOf(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  std::uint64_t hash = 0;
  for (std::size_t i = 8; i < 16; ++i) hash = hash << 8U | digest[i];
  return hash;
}

template <class Change>
std::string Cased(std::string text, Change change) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

void Set(Labels& labels, const std::string& name, std::string value) {
  if (value.empty()) {
    labels.erase(name);
  } else {
    labels.insert_or_assign(name, std::move(value));
  }
}

RE2::Options Quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

// The groups of a match, and a replacement with them put in.
class Match {
 public:
  Match(const RE2& pattern, const std::string& text)
      : pattern_(pattern),
        groups_(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1) {
    matches_ = pattern.Match(text, 0, text.size(), RE2::ANCHOR_BOTH, groups_.data(),
                             static_cast<int>(groups_.size()));
  }
  explicit operator bool() const { return matches_; }

  // A name is the longest run of letters, digits and underscores; a group that is not there is
  // empty, and a $ that begins none stands for itself.
  std::string Expand(std::string_view replacement) const {
    std::string out;
    for (std::size_t i = 0; i < replacement.size(); ++i) {
      if (replacement[i] != '$' || i + 1 == replacement.size()) {
        out += replacement[i];
      } else if (replacement[i + 1] == '$') {
        out += replacement[++i];
      } else {
        const bool is_braced = replacement[i + 1] == '{';
        const std::size_t begin = i + (is_braced ? 2 : 1);
        std::size_t end = begin;
        while (end < replacement.size() && IsWord(replacement[end])) ++end;
        const bool is_closed = !is_braced || (end < replacement.size() && replacement[end] == '}');
        if (end == begin || !is_closed) {
          out += replacement[i];
          continue;
        }
        out += Group(std::string(replacement.substr(begin, end - begin)));
        i = is_braced ? end : end - 1;
      }
    }
    return out;
  }

 private:
  std::string Group(const std::string& name) const {
    std::size_t index = groups_.size();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() <= 4) index = static_cast<std::size_t>(std::stoi(name));
    } else if (const auto& names = pattern_.NamedCapturingGroups(); names.contains(name)) {
      index = static_cast<std::size_t>(names.at(name));
    }
    return index < groups_.size() ? std::string(groups_[index].data(), groups_[index].size()) : "";
  }

  const RE2& pattern_;
  std::vector<re2::StringPiece> groups_;
  bool matches_ = false;
};

}  // namespace

const std::vector<std::string>& RelabelActionNames() {
  static const std::vector<std::string> names = {"replace",   "keep",      "drop",     "keepequal",
                                                 "dropequal", "hashmod",   "labelmap", "labeldrop",
                                                 "labelkeep", "lowercase", "uppercase"};
  return names;
}

Result<void> CheckRelabelConfig(const RelabelConfig& rule) {
  const RE2 pattern(rule.regex, Quiet());
  if (!pattern.ok())
    return Bad("regex: \"" + rule.regex + "\" is no RE2 pattern: " + pattern.error());
  for (const std::string& name : rule.source_labels) {
    if (!IsLabelName(name)) return Bad("source_labels: \"" + name + "\" is no label name");
  }
  if (auto ok = CheckTarget(rule); !ok) return ok;
  if (rule.action == RelabelAction::kHashMod && rule.modulus == 0)
    return Bad("action hashmod needs a modulus above 0");
  return CheckForTooMuch(rule);
}

struct Relabeler::Rule {
  explicit Rule(const RelabelConfig& rule) : config(rule), pattern(rule.regex, Quiet()) {}

  // False: the target is dropped.
  bool Apply(Labels& labels) const {
    if (IsOfNames(config.action)) {
      ApplyToNames(labels);
      return true;
    }
    std::string joined;
    for (std::size_t i = 0; i < config.source_labels.size(); ++i) {
      if (i > 0) joined += config.separator;
      joined += Get(labels, config.source_labels[i]);
    }
    switch (config.action) {
      case RelabelAction::kKeep:
        return RE2::FullMatch(joined, pattern);
      case RelabelAction::kDrop:
        return !RE2::FullMatch(joined, pattern);
      case RelabelAction::kKeepEqual:
        return Get(labels, config.target_label) == joined;
      case RelabelAction::kDropEqual:
        return Get(labels, config.target_label) != joined;
      case RelabelAction::kHashMod:
        Set(labels, config.target_label, std::to_string(HashOf(joined) % config.modulus));
        break;
      case RelabelAction::kLowercase:
        Set(labels, config.target_label, Cased(joined, [](int c) { return std::tolower(c); }));
        break;
      case RelabelAction::kUppercase:
        Set(labels, config.target_label, Cased(joined, [](int c) { return std::toupper(c); }));
        break;
      default:
        Replace(labels, joined);
        break;
    }
    return true;
  }

  void Replace(Labels& labels, const std::string& joined) const {
    const Match match(pattern, joined);
    if (!match) return;
    const std::string target = match.Expand(config.target_label);
    if (IsLabelName(target)) Set(labels, target, match.Expand(config.replacement));
  }

  void ApplyToNames(Labels& labels) const {
    const Labels before = labels;
    for (const auto& [name, value] : before) {
      const Match match(pattern, name);
      if (config.action == RelabelAction::kLabelMap) {
        const std::string to = match ? match.Expand(config.replacement) : "";
        if (IsLabelName(to)) Set(labels, to, value);
      } else if (static_cast<bool>(match) == (config.action == RelabelAction::kLabelDrop)) {
        labels.erase(name);
      }
    }
  }

  RelabelConfig config;
  RE2 pattern;
};

Relabeler::Relabeler(const std::vector<RelabelConfig>& rules) {
  for (const RelabelConfig& rule : rules) rules_.push_back(std::make_unique<const Rule>(rule));
}

Relabeler::~Relabeler() = default;

std::optional<Labels> Relabeler::Apply(Labels labels) const {
  for (const auto& rule : rules_) {
    if (!rule->Apply(labels)) return std::nullopt;
  }
  return labels;
}

}  // namespace heapwatch
