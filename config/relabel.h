// Relabelling as in Prometheus' relabel_configs: rules that rewrite the labels of a target, one
// after the other, or drop it.
//
// Patterns are RE2, anchored at both ends; $1, ${1} and ${name} in a replacement or in a target
// label stand for groups. A label whose value becomes empty is gone. The last 8 bytes of the MD5 of
// the joined values decide in hashmod, so that several watchers share targets as several Prometheus
// would.
//
//   {source_labels: [__meta_pod], regex: "(.+)-[0-9]+", target_label: service}   (replace)
//   {__meta_pod="checkout-7"} -> {__meta_pod="checkout-7", service="checkout"}
//
// Pure; a Relabeler may be used by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/base/labels.h"

namespace heapwatch {

enum class RelabelAction : std::uint8_t {
  kReplace,    // target_label becomes the replacement, where the joined values match
  kKeep,       // drops what does not match
  kDrop,       // drops what matches
  kKeepEqual,  // drops where target_label is not what the joined values are
  kDropEqual,  // drops where it is
  kHashMod,    // target_label becomes the hash of the joined values modulo `modulus`
  kLabelMap,   // copies each label whose name matches to the name that the replacement tells
  kLabelDrop,  // removes labels whose name matches
  kLabelKeep,  // removes labels whose name does not match
  kLowercase,  // target_label becomes the joined values in lower case
  kUppercase,
};
// "replace", "keep", ... in the order of the enum.
const std::vector<std::string>& RelabelActionNames();

struct RelabelConfig {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels = {};
  std::string separator = ";";  // between the values of the source labels
  std::string regex = "(.*)";
  std::string target_label = {};
  std::string replacement = "$1";
  std::uint64_t modulus = 0;
  bool operator==(const RelabelConfig&) const = default;
};

// What a rule lacks or has too much for its action, or what its pattern does wrong.
Result<void> CheckRelabelConfig(const RelabelConfig& rule);

class Relabeler {
 public:
  // Of rules that passed CheckRelabelConfig.
  explicit Relabeler(const std::vector<RelabelConfig>& rules);
  ~Relabeler();
  Relabeler(const Relabeler&) = delete;
  Relabeler& operator=(const Relabeler&) = delete;

  // nullopt: the target is dropped.
  std::optional<Labels> Apply(Labels labels) const;

 private:
  struct Rule;
  std::vector<std::unique_ptr<const Rule>> rules_;
};

}  // namespace heapwatch
