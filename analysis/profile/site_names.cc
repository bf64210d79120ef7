#include "analysis/profile/site_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <vector>

namespace heapwatch {
namespace {

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "::h" and sixteen hex digits.
void DropRustHash(std::string& name) {
  constexpr std::size_t kSize = 3 + 16;
  if (name.size() <= kSize) return;
  const std::size_t at = name.size() - kSize;
  if (name.compare(at, 3, "::h") != 0) return;
  if (std::all_of(name.begin() + static_cast<std::ptrdiff_t>(at) + 3, name.end(), IsHex)) {
    name.resize(at);
  }
}

// Takes ".NAME.7" off the end, for the names compilers give to the parts and copies of a function.
bool DropNumberedSuffix(std::string& name) {
  constexpr std::array<std::string_view, 6> kSuffixes = {".cold", ".part",      ".isra",
                                                         ".llvm", ".constprop", ".lto_priv"};
  std::size_t end = name.size();
  while (end > 0 && IsDigit(name[end - 1])) --end;
  if (end == name.size() || end == 0 || name[end - 1] != '.') return false;
  const std::string_view head = std::string_view(name).substr(0, end - 1);
  const auto* const suffix = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                          [&](std::string_view s) { return head.ends_with(s); });
  if (suffix == kSuffixes.end() || head.size() == suffix->size()) return false;
  name.resize(head.size() - suffix->size());
  return true;
}

// " [clone .cold]", " (.part.0)" and the bare ".part.0", ".isra.0.constprop.1", ".llvm.123".
// ".cold" without a number goes from mangled names only: "store.cold" may well be a function of Go.
void DropCompilerSuffixes(std::string& name) {
  for (const std::string_view opening : {" [clone ", " (."}) {
    const std::size_t at = name.find(opening);
    if (at != std::string::npos && at > 0) name.resize(at);
  }
  if (name.starts_with("_Z") && name.ends_with(".cold")) name.resize(name.size() - 5);
  while (DropNumberedSuffix(name)) {
  }
}

// "malloc@@GLIBC_2.2.5", "free@plt": the symbol's version, on names that are C identifiers.
void DropSymbolVersion(std::string& name) {
  const std::size_t at = name.find('@');
  if (at == std::string::npos || at == 0) return;
  const bool is_identifier = std::all_of(
      name.begin(), name.begin() + static_cast<std::ptrdiff_t>(at),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  if (is_identifier) name.resize(at);
}

// Which "[" of a name are closed. Found in one pass: names come from peers, and one that is all
// brackets must not be searched to its end from each.
std::vector<bool> ClosedBrackets(std::string_view name) {
  std::vector<bool> is_closed(name.size(), false);
  std::size_t closing = 0;  // to the right, of none yet
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == ']') ++closing;
    if (name[i] != '[' || closing == 0) continue;
    is_closed[i] = true;
    --closing;
  }
  return is_closed;
}

// "[go.shape.int]", "[...]" and "[int,map[string]int]" after a Go name become "[...]". Brackets
// that do not follow a name ("operator new[]", "foo(char [4])", "<[T]>::to_vec") are none of Go's.
void ElideTypeParameters(std::string& name) {
  const std::vector<bool> is_closed = ClosedBrackets(name);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool follows_name =
        i > 0 && (std::isalnum(static_cast<unsigned char>(name[i - 1])) != 0 || name[i - 1] == '_');
    if (!follows_name || !is_closed[i] || name[i + 1] == ']') {
      out += name[i];
      continue;
    }
    out += "[...]";
    for (std::size_t depth = 1; depth > 0;) {
      ++i;
      if (name[i] == '[') ++depth;
      if (name[i] == ']') --depth;
    }
  }
  name = std::move(out);
}

// Of "./cart.js:add:12" the ":12"; nothing where no script is named.
std::string_view LineSuffix(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == name.size()) return {};
  const std::string_view suffix = name.substr(colon);
  if (!std::all_of(suffix.begin() + 1, suffix.end(), IsDigit)) return {};
  for (const std::string_view script : {".js:", ".cjs:", ".mjs:", ".ts:"}) {
    const std::size_t at = name.find(script);
    if (at != std::string_view::npos && at + script.size() < colon) return suffix;
  }
  return {};
}

constexpr std::string_view kDefaultSkipPatterns[] = {
    // Go. "runtime/pprof.x" and "runtime/debug.x" are packages like any other.
    R"(runtime\..*)",
    R"(internal/runtime/.*)",
    // C and C++.
    R"((?:__libc_|__GI___?|_?je_|tc_|tcmalloc_|__interceptor_|_+wrap_|mi_)?(?:malloc|calloc|realloc|reallocarray|memalign|aligned_alloc|posix_memalign|valloc|pvalloc|strdup|strndup|mallocx|rallocx|cfree)(?:_default|_internal)?)",
    R"(operator (?:new|delete)(?:\[\])?(?:\(.*\))?)",
    R"(_Zn[wa]m.*)",
    R"(tc_new.*|tc_newarray.*)",
    R"((?:\(anonymous namespace\)::)?(?:do_malloc|do_memalign|do_calloc|do_realloc|do_allocate|cpp_alloc|debug_cpp_alloc|allocate_full_malloc_oom|fast_alloc|malloc_fast_path).*)",
    R"((?:tcmalloc|jemalloc|mi|__gnu_cxx|__allocator)::.*)",
    R"((?:je_)?(?:prof_backtrace|prof_alloc_prep|prof_tctx_create|imalloc|imalloc_body|ialloc|iallocztm|arena_malloc.*|large_malloc|large_palloc|malloc_default|do_rallocx|irealloc_prof).*)",
    R"((?:[^ (]+ )?std::(?:__1::|__cxx11::|__ndk1::)?(?:allocator|allocator_traits|__new_allocator|__allocate_at_least|pmr::|__libcpp_allocate|__allocate_guarded|__allocated_ptr|_Vector_base|vector|__vector_base|__split_buffer|deque|_Deque_base|basic_string|_Rb_tree|_Hashtable|__hash_table|__tree|_List_base|list|map|unordered_map|set|unordered_set|__detail::|make_unique|make_shared|allocate_shared|shared_ptr|__shared_ptr|__shared_count|_Function_base|function|_Temporary_buffer|get_temporary_buffer)\b.*)",
    R"((?:[^ (]+ )?__gnu_cxx::.*)",
    R"(g_(?:try_)?(?:malloc|realloc|memdup|strdup|slice_alloc|strndup)[a-z0-9_]*)",
    // Rust.
    R"(_*(?:rust|rdl|rg|rustc)_(?:alloc|realloc|alloc_zeroed|allocate)\w*)",
    R"(<?(?:alloc|hashbrown|core::alloc|std::alloc|alloc_crate|std::collections)::.*)",
    R"(<.* as (?:alloc|hashbrown|core::alloc)::.*)",
    R"(<.* as core::(?:clone::Clone|iter::traits::collect::(?:FromIterator|Extend|IntoIterator)|default::Default|convert::(?:From|Into))\b.*>::.*)",
    R"(<(?:.*jemallocator::.*|.* as core::alloc::global::GlobalAlloc)>::.*)",
    R"(_rjem_.*|jemallocator::.*|tikv_jemallocator::.*|mimalloc::.*)",
};

}  // namespace

std::string NormalizeFunctionName(std::string_view name) {
  name.remove_suffix(LineSuffix(name).size());
  std::string out(name);
  DropRustHash(out);
  DropCompilerSuffixes(out);
  DropSymbolVersion(out);
  if (out.find('[') != std::string::npos) ElideTypeParameters(out);
  return out;
}

std::string OffsetName(const HeapProfile& profile, const Location& location) {
  std::array<char, 24> offset{};
  std::snprintf(offset.data(), offset.size(), "0x%llx",
                static_cast<unsigned long long>(profile.offset_of(location)));
  if (!location.mapping) return offset.data();
  const std::string_view file = profile.mappings[location.mapping->index()].file;
  return std::string(file.substr(file.rfind('/') + 1)) + '+' + offset.data();
}

std::span<const std::string_view> DefaultSkipPatterns() { return kDefaultSkipPatterns; }

std::span<const std::string_view> AllocatorLibraries() {
  static constexpr std::string_view kLibraries[] = {"libjemalloc",  "libtcmalloc", "libmimalloc",
                                                    "libstdc++.so", "libc++.so",   "libc.so",
                                                    "libc-2.",      "libc.musl-",  "ld-musl-"};
  return kLibraries;
}

}  // namespace heapwatch
