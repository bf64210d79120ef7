// The dictionary of stacks: how one is written down once for all profiles and replicas it stands
// in, and the decoded table profiles are rebuilt from.
//
// A function's entry is found under the hash of its bytes, a stack's entry under
// HeapProfile::stack_hashes. A location with names is kept by them; one without is kept by its file
// and the offset in it, and gets its address back from the mappings of the profile it is rebuilt
// for. StackTable is one thread's at a time; const members may be shared.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/base/error.h"
#include "analysis/profile/heap_profile.h"
#include "analysis/series/series_key.h"

namespace heapwatch {

struct DictionaryEntry {
  ContentHash hash;
  std::string bytes;
};

DictionaryEntry EncodeFunction(const Function& function);
// Refers to the functions by their entries' hashes, which `function_hashes` tells (by FunctionId).
std::string EncodeStack(const HeapProfile& profile, StackId stack,
                        std::span<const ContentHash> function_hashes);
// The functions a stack's entry refers to. kCorrupt where it does not make sense.
Result<std::vector<ContentHash>> FunctionsOf(std::string_view stack_entry);

class StackTable {
 public:
  // Looks a function's entry up; nullopt where there is none.
  using FindFunction = std::function<Result<std::string>(const ContentHash&)>;

  bool Has(const ContentHash& stack) const { return stacks_.contains(stack); }
  // Decodes a stack's entry, and those of its functions that are not in the table yet. kCorrupt
  // where an entry makes no sense.
  Result<void> Add(const ContentHash& stack, std::string_view entry, const FindFunction& find);

  // A profile of these stacks, all of which the table has, with the mappings of `head` and without
  // samples: stack i is stacks[i].
  HeapProfile Build(const HeapProfile& head, std::span<const ContentHash> stacks) const;
  // The same for naming sites, where there is no head: each file is mapped at 0.
  HeapProfile BuildUnmapped(std::span<const ContentHash> stacks) const;

  // Memory held, roughly.
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  struct FileOffset {
    std::string_view file;
    std::string_view build_id;
    std::uint64_t offset;
  };
  struct Range {
    std::uint32_t begin;
    std::uint32_t count;
  };
  class Rebuild;

  std::string_view Keep(std::string_view text);
  Result<std::uint32_t> FunctionNumber(const ContentHash& hash, const FindFunction& find);

  std::unordered_map<ContentHash, Range> stacks_;  // into stack_locations_
  std::vector<std::uint32_t> stack_locations_;
  std::unordered_map<std::string, std::uint32_t> location_numbers_;  // by their part of the entry
  std::vector<Location> locations_;                                  // without mappings
  std::vector<std::uint32_t>
      file_of_location_;  // into file_offsets_; kNoFile: named, or an address alone
  std::vector<FileOffset> file_offsets_;
  std::vector<Line> lines_;
  std::unordered_map<ContentHash, std::uint32_t> function_numbers_;
  std::vector<Function> functions_;
  // Texts lie in pieces that never move, each shared with the profiles built from them.
  std::vector<std::shared_ptr<const std::string>> text_;
  std::shared_ptr<std::string> open_text_;
  std::unordered_map<std::string_view, std::string_view> interned_;
  std::size_t size_bytes_ = 0;
};

}  // namespace heapwatch
