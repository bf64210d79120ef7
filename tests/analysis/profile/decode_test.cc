// Which format bytes are in, how they are compressed, and what is said where they are none.
#include "analysis/profile/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zstd.h>

#include "analysis/profile/encode.h"
#include "analysis/profile/profile_builder.h"
#include "tests/analysis/profile/pprof_message.h"
#include "tests/analysis/profile/profile_files.h"

namespace heapwatch {
namespace {

using testing::HasSubstr;

Error ErrorOf(std::string_view bytes, const DecodeLimits& limits = {}) {
  const Result<HeapProfile> profile = DecodeProfile(bytes, limits);
  if (!profile) return profile.error();
  ADD_FAILURE() << "decoded";
  return {};
}

std::string Message() {
  PprofMessage message;
  message.AddSample({1, 2}, {64});
  return message.Bytes();
}

std::string Compressed(std::string_view bytes, decltype(libdeflate_gzip_compress) compress) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(bytes.size() + 1000, '\0');
  out.resize(compress(compressor, bytes.data(), bytes.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}
std::string Gzip(std::string_view bytes) { return Compressed(bytes, libdeflate_gzip_compress); }

std::string Zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

TEST(Decode, ReadsEveryCompression) {
  const std::string message = Message();
  const std::string half = message.substr(0, 30);
  for (const std::string& bytes :
       {message, Gzip(message), Compressed(message, libdeflate_zlib_compress), Zstd(message),
        Gzip(half) + Gzip(message.substr(30))}) {
    const Result<HeapProfile> profile = DecodeProfile(bytes);
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->total(Quantity::kInuseSpace), 64);
  }
}

TEST(Decode, ATimeInFrontOfTheOtherFieldsIsNotTakenForZlib) {
  // What could be zlib's header with a window of 4 KiB is a moment in 2023.
  const std::string time = "\x48\x89\x80\xa8\xb1\xe3\x9f\xe7\xcb\x17";
  const Result<HeapProfile> profile = DecodeProfile(time + Message());
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->time, FromUnixMillis(1700000000000));
}

TEST(Decode, SaysWhereGzipIsCutShort) {
  const std::string bytes = Gzip(Message());
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    const Error error = ErrorOf(bytes.substr(0, size));
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_THAT(error.message,
                HasSubstr("gzip data ends too early: at byte " + std::to_string(size)));
  }
}

TEST(Decode, TellsBrokenGzipFromGzipCutShort) {
  std::string bytes = Gzip(Message());
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0x55);  // the checksum
  EXPECT_THAT(ErrorOf(bytes).message, HasSubstr("gzip data is broken near byte "));
}

TEST(Decode, AnInflatedSizeThatLiesCostsNothing) {
  std::string bytes = Gzip(Message());
  for (std::size_t i = 1; i <= 4; ++i) bytes[bytes.size() - i] = '\x7f';
  EXPECT_EQ(ErrorOf(bytes).code, ErrorCode::kCorrupt);
}

TEST(Decode, StopsABombAtTheLimit) {
  const std::string zeros(64U << 20U, '\0');
  const DecodeLimits limits{.inflated_bytes = 1U << 20U};
  for (const std::string& bomb : {Gzip(zeros), Zstd(zeros)}) {
    ASSERT_LT(bomb.size(), 100'000U);
    const Error error = ErrorOf(bomb, limits);
    EXPECT_EQ(error.code, ErrorCode::kLimit);
    EXPECT_THAT(error.message, HasSubstr("inflates to more than 1048576 bytes"));
  }
  EXPECT_EQ(ErrorOf(std::string(2U << 20U, 'x'), limits).code, ErrorCode::kLimit);
}

// Its pages go back to the system while it is read, and its profile is not kept for the next one.
TEST(Decode, ALargeBodyIsReadWhole) {
  constexpr std::int64_t kSamples = 130'000;
  PprofMessage message;
  const std::int64_t bytes = message.Text("bytes");
  for (std::int64_t i = 0; i < kSamples; ++i) {
    auto* sample = message.AddSample({}, {i});
    for (int f = 0; f < 64; ++f) sample->add_location_id((i >> (f % 17) & 1) != 0 ? 2 : 1);
    auto* label = sample->add_label();
    label->set_key(bytes);
    label->set_num(16);
  }
  const std::string body = Gzip(message.Bytes());
  Decoder decoder;
  for (int round = 0; round < 2; ++round) {
    Result<HeapProfile> profile = decoder.Decode(body);
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->total(Quantity::kInuseSpace), kSamples * (kSamples - 1) / 2);
    EXPECT_EQ(profile->samples.size(), profile->stack_count());
    decoder.Recycle(*std::move(profile));
  }
}

TEST(Decode, NothingIsLeftOfTheProfileBefore) {
  const std::vector<std::string> files = {
      "go1.19.t1.pb.gz",  "go1.19.t0.pb.gz", "gperftools-2.10-heapprofile.heap.gz",
      "go1.19-off.pb.gz", "go1.19.t1.pb.gz", "jemalloc-5.3.0.heap.gz",
      "go1.19.t0.pb.gz"};
  Decoder decoder;
  for (const std::string& file : files) {
    const std::string bytes = ReadFile(TestProfile(file));
    Result<HeapProfile> profile = decoder.Decode(bytes);
    const Result<HeapProfile> alone = DecodeProfile(bytes);
    ASSERT_EQ(profile.has_value(), alone.has_value());
    if (!profile) continue;
    EXPECT_EQ(EncodePprof(*profile), EncodePprof(*alone)) << file;
    decoder.Recycle(*std::move(profile));
  }
}

TEST(Decode, RefusesAClaimedLengthOfABillion) {
  const Error error = ErrorOf(std::string("\x0a\x02\x08\x01\x12\x80\x94\xeb\xdc\x03zzz", 13));
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
}

struct NoProfile {
  std::string_view bytes;
  std::string_view message;
};

TEST(Decode, SaysWhatTheBytesLookLike) {
  for (const auto& [bytes, message] : {
           NoProfile{"", "the body is empty"},
           NoProfile{" \n", "nothing but blanks"},
           NoProfile{"<!DOCTYPE html><html><head><title>Sign in</title></head>",
                     "an HTML page (\"Sign in\"): is there a login or a proxy in between?"},
           NoProfile{"\n<HTML><body>", "an HTML page: is there a login"},
           NoProfile{R"({"error":"no such app"})", R"(JSON: {"error":"no such app"})"},
           NoProfile{"404 page not found\n", "text: 404 page not found"},
           NoProfile{"Could not enable heap profiling\n", "text: Could not enable heap profiling"},
           NoProfile{"# HELP go_goroutines Number\n", "Prometheus metrics"},
           NoProfile{"goroutine profile: total 7\n", "a goroutine profile"},
           NoProfile{"--- heapz 1 ---\nformat = java\n", "a Java heapz text profile"},
           NoProfile{"\x7f"
                     "ELF\x02\x01",
                     "an ELF binary"},
           NoProfile{"\xff\xfe\x01", "binary data that begins with ff fe 01"},
       }) {
    const Error error = ErrorOf(bytes);
    EXPECT_EQ(error.code, ErrorCode::kWrongFormat) << error.message;
    EXPECT_THAT(error.message, HasSubstr(std::string(message)));
  }
  EXPECT_THAT(ErrorOf(Gzip("<html><title>Sign in</title>")).message, HasSubstr("Sign in"));
  EXPECT_THAT(ErrorOf(Gzip("")).message, HasSubstr("nothing"));
}

TEST(Decode, NamesTheProfileThatIsNoneOfTheHeap) {
  const Error error = ErrorOf(ReadFile(TestProfile("go1.19.cpu.pb.gz")));
  EXPECT_EQ(error.code, ErrorCode::kWrongFormat);
  EXPECT_EQ(error.message, "a pprof profile of samples/count, cpu/nanoseconds, not of a heap");
}

TEST(Decode, RefusesADeltaUnlessItIsAskedFor) {
  const std::string bytes = ReadFile(TestProfile("go1.19.delta1s.pb.gz"));
  const Error error = ErrorOf(bytes);
  EXPECT_EQ(error.code, ErrorCode::kWrongFormat);
  EXPECT_THAT(error.message, HasSubstr("?seconds="));
  const Result<HeapProfile> delta = DecodeProfile(bytes, {.allow_delta = true});
  ASSERT_TRUE(delta) << delta.error().message;
  EXPECT_LT(delta->total(Quantity::kInuseSpace), 0);
}

TEST(Decode, RefusesWhatTellsNothingOfLiveMemoryUnlessItIsAskedFor) {
  ProfileBuilder builder({{"alloc_objects", "count"}, {"alloc_space", "bytes"}});
  builder.AddSample({{"main.f", "main.go", 7, 5}}, 0, {1, 64});
  const std::string bytes = EncodePprof(std::move(builder).Build());
  const Error error = ErrorOf(bytes);
  EXPECT_EQ(error.code, ErrorCode::kWrongFormat);
  EXPECT_THAT(error.message,
              HasSubstr("alloc_objects/count, alloc_space/bytes: it does not tell how much memory "
                        "is live"));
  const Result<HeapProfile> allocated = DecodeProfile(bytes, {.allow_without_live = true});
  ASSERT_TRUE(allocated) << allocated.error().message;
  EXPECT_EQ(allocated->total(Quantity::kAllocSpace), 64);
}

TEST(Decode, ProfilingThatIsSwitchedOffIsNotAnEmptyHeap) {
  for (const char* name :
       {"go1.19-off.pb.gz", "go1.19-off.debug1.txt", "gperftools-2.10-off.heap.gz"}) {
    const Error error = ErrorOf(ReadFile(TestProfile(name)));
    EXPECT_EQ(error.code, ErrorCode::kUnavailable) << name;
    EXPECT_THAT(error.message, HasSubstr("heap profiling is switched off")) << name;
  }
  EXPECT_EQ(ErrorOf("heap_v2/0\n  t*: 0: 0 [0: 0]\n").code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace heapwatch
