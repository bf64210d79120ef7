#include "analysis/profile/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <string>
#include <thread>

#include "analysis/profile/profile_builder.h"

namespace heapwatch {
namespace {

using testing::HasSubstr;

std::shared_ptr<const SiteAttributor> Create(const SiteRules& rules = {}) {
  auto attributor = SiteAttributor::Create(rules);
  if (!attributor) ADD_FAILURE() << attributor.error().message;
  return *attributor;
}

HeapProfile OneStack(std::initializer_list<Frame> frames) {
  ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
  b.AddSample(frames, 0, {1});
  return std::move(b).Build();
}

Site SiteOf(std::initializer_list<Frame> frames, const SiteRules& rules = {}) {
  return Create(rules)->Attribute(OneStack(frames), StackId(0U));
}

TEST(SiteAttributor, PassesOverTheRuntime) {
  const Site site = SiteOf({{"runtime.mallocgc"},
                            {"internal/runtime/maps.(*Map).grow"},
                            {"main.f", "/src/main.go", 7, 5},
                            {"main.main", "/src/main.go", 3, 1}});
  EXPECT_EQ(site.function, "main.f");
  EXPECT_EQ(site.file, "/src/main.go");
  EXPECT_EQ(site.line, 2);
  EXPECT_TRUE(site.line_is_relative);
  EXPECT_EQ(site.ToString(), "main.f main.go:+2");
}

TEST(SiteAttributor, AStackOfTheRuntimeAloneBelongsToItsLeaf) {
  EXPECT_EQ(SiteOf({{"runtime.malg"}, {"runtime.newproc1"}}).function, "runtime.malg");
}

TEST(SiteAttributor, AOneFrameStackKeepsItsFunctionAndLine) {
  const Site site = SiteOf({{"acme/store.(*Index[...]).Put.func1", "/src/acme/index.go", 123}});
  EXPECT_EQ(site.function, "acme/store.(*Index[...]).Put.func1");
  EXPECT_EQ(site.line, 123);
  EXPECT_FALSE(site.line_is_relative);
}

// As Pyroscope's agent for Node.js tells them: V8 knows of an allocation the line where its
// function begins, and many functions of one script have the same name.
TEST(SiteAttributor, KeepsFunctionsOfOneNameInAScriptApart) {
  EXPECT_EQ(SiteOf({{"./src/cart.js:add:12", "/app/src/cart.js", 12}}).ToString(),
            "./src/cart.js:add cart.js:12");
  EXPECT_NE(SiteOf({{"./src/cart.js:add:12", "/app/src/cart.js", 12}}),
            SiteOf({{"./src/cart.js:add:90", "/app/src/cart.js", 90}}));
}

TEST(SiteAttributor, TheInnermostInlinedFrameCounts) {
  ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
  const LocationId location =
      b.AddLocation({}, {{.function = b.AddFunction({.name = "runtime.growslice"}), .line = 1},
                         {.function = b.AddFunction({.name = "main.inlined"}), .line = 9},
                         {.function = b.AddFunction({.name = "main.caller"}), .line = 40}});
  b.AddSample(b.AddStack({location}), 0, {1});
  EXPECT_EQ(Create()->Attribute(std::move(b).Build(), StackId(0U)).function, "main.inlined");
}

TEST(SiteAttributor, KnowsTheAllocatorsOfCppAndRust) {
  for (const char* helper :
       {"malloc",
        "calloc",
        "je_malloc",
        "tc_malloc",
        "__libc_malloc",
        "operator new(unsigned long)",
        "operator new[](unsigned long, std::align_val_t)",
        "_Znwm",
        "tcmalloc::allocate_full_malloc_oom",
        "std::allocator<int>::allocate(unsigned long)",
        "__gnu_cxx::new_allocator<char>::allocate",
        "std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>",
        "void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int&&)",
        "std::__cxx11::basic_string<char>::_M_create",
        "std::__1::vector<int>::__push_back_slow_path",
        "std::_Rb_tree<int, int>::_M_insert_",
        "prof_backtrace_impl",
        "alloc::raw_vec::RawVec<T,A>::reserve_for_push::h0123456789abcdef",
        "__rust_alloc",
        "__rdl_alloc",
        "<alloc::vec::Vec<T,A> as core::clone::Clone>::clone::h0123456789abcdef",
        "hashbrown::raw::RawTable<T,A>::reserve_rehash",
        "_rjem_malloc",
        "<tikv_jemallocator::Jemalloc as core::alloc::global::GlobalAlloc>::alloc"}) {
    EXPECT_EQ(SiteOf({{helper}, {"app::store::put"}}).function, "app::store::put") << helper;
  }
}

TEST(SiteAttributor, LeavesTheProgramsOwnFunctionsAlone) {
  for (const char* own :
       {"runtime/pprof.(*protobuf).varint", "runtimex.f", "bytes.growSlice", "mallocator::pool",
        "my_malloc_stats", "app::vector::push", "newtype::f", "std::thread::run"}) {
    EXPECT_EQ(SiteOf({{own}, {"main"}}).function, own);
  }
}

TEST(SiteAttributor, TakesRulesOfTheUser) {
  const SiteRules rules{.skip_functions = {"acme/pool\\..*"}};
  EXPECT_EQ(SiteOf({{"acme/pool.Get"}, {"acme/pool.New"}, {"main.f"}}, rules).function, "main.f");
  EXPECT_EQ(SiteOf({{"x/acme/pool.Get"}, {"main.f"}}, rules).function, "x/acme/pool.Get");
  EXPECT_EQ(SiteOf({{"runtime.mallocgc"}, {"main.f"}}, {.use_defaults = false}).function,
            "runtime.mallocgc");
}

TEST(SiteAttributor, NamesTheRuleThatIsNoPattern) {
  const auto attributor = SiteAttributor::Create({.skip_functions = {"ok", "a(b"}});
  ASSERT_FALSE(attributor);
  EXPECT_EQ(attributor.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(attributor.error().message, HasSubstr("\"a(b\""));
}

TEST(SiteAttributor, ASiteSurvivesARebuildThatMovesItsFunction) {
  const Site before = SiteOf({{"main.put[go.shape.int]", "/home/a/main.go", 107, 100}});
  const Site after = SiteOf({{"main.put[...]", "/build/main.go", 117, 110}});
  EXPECT_EQ(before.id(), after.id());
  EXPECT_NE(before.id(), SiteOf({{"main.put[...]", "/build/main.go", 118, 110}}).id());
  EXPECT_NE(before.id(), SiteOf({{"main.put[...]", "/build/main.go", 7}}).id());
}

TEST(SiteAttributor, WithoutNamesTheOffsetInTheFileIsTheSite) {
  const auto site_at = [](std::uint64_t start) {
    ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
    const MappingId m = b.AddMapping(
        {.start = start, .limit = start + 0x1000, .file_offset = 0x200, .file = "/bin/app"});
    b.AddSample(b.AddStack({b.AddLocation({.mapping = m, .address = start + 0x42}, {})}), 0, {1});
    return Create()->Attribute(std::move(b).Build(), StackId(0U));
  };
  EXPECT_EQ(site_at(0x1000).function, "app+0x242");
  EXPECT_EQ(site_at(0x1000), site_at(0x5000));
}

// Leaf first; an empty name stands for a frame without one, in the file.
struct RawFrame {
  std::string_view file;
  std::string_view function = {};
};

Site SiteOfRaw(std::initializer_list<RawFrame> frames, const SiteRules& rules = {}) {
  ProfileBuilder b({SampleType{"inuse_space", "bytes"}});
  std::vector<LocationId> stack;
  std::uint64_t start = 0;
  for (const RawFrame& frame : frames) {
    start += 0x10000;
    const MappingId m = b.AddMapping({.start = start, .limit = start + 0x1000, .file = frame.file});
    std::vector<Line> lines;
    if (!frame.function.empty()) {
      lines.push_back({.function = b.AddFunction({.name = frame.function})});
    }
    stack.push_back(b.AddLocation({.mapping = m, .address = start + 0x42}, lines));
  }
  b.AddSample(b.AddStack(stack), 0, {1});
  return Create(rules)->Attribute(std::move(b).Build(), StackId(0U));
}

TEST(SiteAttributor, WithoutNamesTheAllocatorsLibrariesArePassedOver) {
  for (const char* library :
       {"/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "/usr/lib/libtcmalloc_minimal.so.4",
        "/lib/libc.so.6", "/lib/libc-2.31.so", "/usr/lib/libstdc++.so.6.0.30",
        "/lib/ld-musl-x86_64.so.1"}) {
    EXPECT_EQ(SiteOfRaw({{library}, {library}, {"/opt/app"}, {"/lib/libc.so.6"}}).function,
              "app+0x42")
        << library;
  }
  EXPECT_EQ(SiteOfRaw({{"/lib/libcurl.so.4"}, {"/opt/app"}}).function, "libcurl.so.4+0x42");
  EXPECT_EQ(SiteOfRaw({{"/lib/libjemalloc.so.2"}, {"/lib/libc.so.6"}}).function,
            "libjemalloc.so.2+0x42");
  EXPECT_EQ(SiteOfRaw({{"/lib/libjemalloc.so.2"}, {"/opt/app"}}, {.use_defaults = false}).function,
            "libjemalloc.so.2+0x42");
}

TEST(SiteAttributor, AnOffsetInTheProgramSaysMoreThanTheNameOfItsAllocator) {
  EXPECT_EQ(SiteOfRaw({{"/lib/libc.so.6", "malloc"}, {"/opt/app"}}).function, "app+0x42");
  EXPECT_EQ(SiteOfRaw({{"/lib/libfoo.so"}, {"/opt/app", "app::f"}}).function, "app::f");
}

TEST(SiteAttributor, StacksCutShortAtTheRootFallOnTheSameSite) {
  EXPECT_EQ(SiteOf({{"runtime.mallocgc"}, {"main.f", "f.go", 7, 5}, {"main.a"}, {"main.main"}}),
            SiteOf({{"runtime.mallocgc"}, {"main.f", "f.go", 7, 5}, {"main.b"}}));
}

TEST(SiteAttributor, AStackWithoutFramesHasAName) { EXPECT_EQ(SiteOf({}).function, "(no stack)"); }

TEST(SiteAttributor, MayBeAskedFromManyThreads) {
  const auto attributor = Create();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&attributor, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string name = "main.f" + std::to_string((i * (t + 1)) % 50);
        const HeapProfile profile = OneStack({{"runtime.x"}, {name}});
        EXPECT_EQ(attributor->Attribute(profile, StackId(0U)).function, name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// What is saved of a site is JSON: its identity must be that of the texts that come back from
// there.
// What the sanitizers' allocators hold malloc does not tell: only without them this can fail.
TEST(SiteAttributor, RemembersNoMoreOfLongNamesThanItsBound) {
  const auto attributor = Create();
  const auto held = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::string rest(4000, 'x');
  const std::size_t before = held();
  for (int i = 0; i < 40'000; ++i) {
    const std::string name = std::to_string(i) + rest;
    EXPECT_EQ(attributor->Attribute(OneStack({{name}}), StackId(0U)).function, name);
  }
  EXPECT_LT(held() - before, 200U << 20);  // of 320 MB
}

TEST(SiteAttributor, NamesSitesInValidUtf8) {
  const Site site = SiteOf({{"f\xff", "/src/\xe9t\xe9.c", 7, 5}});
  EXPECT_EQ(site, (Site{"f\uFFFD", "/src/\uFFFDt\uFFFD.c", 2, true}));
  EXPECT_EQ(SiteOf({{"f\u00E9", "/src/\u00E9.c"}}), (Site{"f\u00E9", "/src/\u00E9.c"}));
}

}  // namespace
}  // namespace heapwatch
