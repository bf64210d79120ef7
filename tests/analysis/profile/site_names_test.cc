#include "analysis/profile/site_names.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace heapwatch {
namespace {

struct Case {
  const char* name;
  const char* normal;
};

TEST(NormalizeFunctionName, MakesBuildsAndProducersAgree) {
  for (const auto& [name, normal] : {
           Case{"pool.New[go.shape.*uint8]", "pool.New[...]"},
           Case{"pool.New[...]", "pool.New[...]"},
           Case{"sync.(*HashTrieMap[go.shape.string,go.shape.[]int]).All",
                "sync.(*HashTrieMap[...]).All"},
           Case{"a.F[go.shape.struct { A [4]int }].func1", "a.F[...].func1"},
           Case{"glob..func1", "glob..func1"},
           Case{"store::put::h0123456789abcdef", "store::put"},
           Case{"parse(char const*) [clone .cold]", "parse(char const*)"},
           Case{"parse(char const*) [clone .isra.0] [clone .cold]", "parse(char const*)"},
           Case{"parse(char const*) (.part.0)", "parse(char const*)"},
           Case{"read.part.0", "read"},
           Case{"read.isra.0.constprop.12", "read"},
           Case{"_Z4readv.part.0.cold", "_Z4readv"},
           Case{"read.llvm.1234567890", "read"},
           Case{"malloc@@GLIBC_2.2.5", "malloc"},
           Case{"free@plt", "free"},
           Case{"./cart.js:add:12", "./cart.js:add"},
           Case{"./lib/cart.cjs:(anonymous:L#6:C#13):6", "./lib/cart.cjs:(anonymous:L#6:C#13)"},
       }) {
    EXPECT_EQ(NormalizeFunctionName(name), normal);
  }
}

TEST(NormalizeFunctionName, KeepsWhatTellsSitesApart) {
  for (const char* name : std::array{
           "acme/store.(*Index[...]).Put.func1", "acme/store.Open.func2.1",
           "gopkg.in/yaml.v2.Unmarshal", "github.com/caddyserver/caddy/v2/modules/caddyhttp.SetVar",
           "operator new[](unsigned long)", "f(char (&) [4])", "<[T]>::to_vec", "store::h0123",
           "(anonymous:L#124:C#15)", "main.part", "main.cold", "a.b@c.d", "lambda [x]", "", ".cold",
           "a::b:12", "cart.js:12", "./cart.js:add:x12", "cart.json:add:12"}) {
    EXPECT_EQ(NormalizeFunctionName(name), name);
  }
}

TEST(NormalizeFunctionName, BracketsThatNobodyClosesCostNoMoreThanOthers) {
  std::string open = "a";
  for (int i = 0; i < 4'000'000; ++i) open += "[a";
  EXPECT_EQ(NormalizeFunctionName(open), open);
  EXPECT_EQ(NormalizeFunctionName(open + "[int]"), open + "[...]");
}

}  // namespace
}  // namespace heapwatch
