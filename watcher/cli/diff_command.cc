#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "analysis/base/json.h"
#include "analysis/profile/decode.h"
#include "analysis/profile/diff.h"
#include "analysis/profile/diff_json.h"
#include "analysis/profile/diff_pprof.h"
#include "analysis/profile/diff_text.h"
#include "analysis/profile/flame_svg.h"
#include "analysis/profile/flame_tree.h"
#include "watcher/cli/choice_option.h"
#include "watcher/cli/commands.h"
#include "watcher/cli/config_option.h"
#include "watcher/cli/output.h"
#include "watcher/cli/profile_files.h"
#include "watcher/cli/service_client.h"

namespace heapwatch {
namespace {

enum class Format { kText, kPprof, kPprofDiffBase, kJson, kFolded, kSvg };

const std::map<std::string, Format> kFormats = {{"text", Format::kText},
                                                {"pprof", Format::kPprof},
                                                {"pprof-diff-base", Format::kPprofDiffBase},
                                                {"json", Format::kJson},
                                                {"folded", Format::kFolded},
                                                {"svg", Format::kSvg}};

const std::map<std::string, DiffBy> kOrders = {{"site", DiffBy::kSite},
                                               {"function", DiffBy::kFunction},
                                               {"cum", DiffBy::kCum},
                                               {"stack", DiffBy::kStack}};

struct DiffArguments {
  std::string before;
  std::string after;
  std::string output;
  DiffOptions options;
  Format format = Format::kText;
  DiffBy by = DiffBy::kSite;
  std::size_t top = 20;  // 0: all
  ServiceAddress service;
  std::string target;   // of the service; "": A and B are files
  std::string target1;  // that of B; "": the same
  std::string config_file;
};

constexpr const char* kFooter = R"(Examples:
  heapwatch diff t0.pb.gz t1.pb.gz
  heapwatch diff t0.pb.gz t1.pb.gz --by cum --top 0
  heapwatch diff t0.pb.gz t1.pb.gz --format pprof -o diff.pb.gz && go tool pprof -top diff.pb.gz
  heapwatch diff t0.pb.gz t1.pb.gz --format svg -o diff.svg
  heapwatch diff --target 10.0.0.1:6060 now-6h now      # two moments kept by a running service
  heapwatch diff --target 10.0.0.1:6060 --target1 10.0.0.2:6060 now now      # two of its targets

Formats:
  text             a table; +/- is one standard error of sampling, ~ marks a change within noise
  pprof            B minus A as one profile, like `go tool pprof -base A B -proto`: shares are of what changed
  pprof-diff-base  both sides, like -diff_base: pprof shows shares of A, and leaves out small growth (see its -nodefraction)
  json             totals, sites, functions and stacks
  folded           one line per stack with its values in A and in B, for differential flame graph tools
  svg              a differential flame graph in one file: red grew, blue shrank

Exit codes: 0 fine, 1 a file cannot be read or the two cannot be compared, 2 wrong usage.)";

std::string BaseName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string Render(const ProfileDiff& diff, const DiffArguments& arguments) {
  const std::optional<std::size_t> top =
      arguments.top > 0 ? std::optional(arguments.top) : std::nullopt;
  switch (arguments.format) {
    case Format::kText:
      return RenderDiffText(diff, {arguments.by, top});
    case Format::kPprof:
      return DiffToPprof(diff, PprofForm::kSubtracted);
    case Format::kPprofDiffBase:
      return DiffToPprof(diff, PprofForm::kBothSides);
    case Format::kJson:
      return ToJson(DiffToJson(diff)) + "\n";
    case Format::kFolded:
      return DiffToFolded(diff);
    case Format::kSvg:
      return DiffToSvg(diff);
  }
  return "";
}

bool IsBinary(Format format) {
  return format == Format::kPprof || format == Format::kPprofDiffBase;
}

// A file, or the snapshot that a service has of the target at that time.
Result<HeapProfile> ReadProfile(const DiffArguments& arguments, const std::string& target,
                                const std::string& what) {
  if (target.empty()) return ReadProfileFile(what, {.allow_without_live = true});
  const auto bytes = AskService(arguments.service, "/api/v1/snapshot",
                                {{"target", target}, {"t", what}, {"format", "pprof"}});
  if (!bytes) return Fail(bytes.error());
  auto profile = DecodeProfile(*bytes, {.allow_without_live = true});
  if (!profile)
    return Fail(profile.error().In(arguments.service.url + " answers as no Heapwatch does"));
  return profile;
}

// What the two are called in the diff.
void NameSides(DiffArguments& arguments) {
  std::string& before = arguments.options.before_name;
  std::string& after = arguments.options.after_name;
  before = BaseName(arguments.before);
  after = BaseName(arguments.after);
  if (!arguments.target1.empty()) {
    before = arguments.target + " at " + arguments.before;
    after = arguments.target1 + " at " + arguments.after;
  } else if (before == after) {
    before = arguments.before;
    after = arguments.after;
  }
}

Result<void> RunDiff(DiffArguments& arguments) {
  const auto before = ReadProfile(arguments, arguments.target, arguments.before);
  if (!before) return Fail(before.error());
  const auto after = ReadProfile(
      arguments, arguments.target1.empty() ? arguments.target : arguments.target1, arguments.after);
  if (!after) return Fail(after.error());
  const auto judging = LoadJudging(arguments.config_file);
  if (!judging) return Fail(judging.error());
  NameSides(arguments);
  const auto diff = DiffProfiles(*before, *after, *judging->attributor, arguments.options);
  if (!diff) return Fail(diff.error());
  return WriteOutput(arguments.output, Render(*diff, arguments));
}

}  // namespace

void AddDiffCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<DiffArguments>();
  CLI::App* command =
      app.add_subcommand("diff", "Show what grew between two heap profiles, A and then B");
  command->add_option("A", arguments->before, "The profile before: a file, or a time")->required();
  command->add_option("B", arguments->after, "The profile after")->required();
  CLI::Option* target =
      command
          ->add_option("--target", arguments->target,
                       "A and B are times, now-6h or RFC 3339, of this target of a running service")
          ->type_name("TARGET");
  command->add_option("--target1", arguments->target1, "B is of this target, A of --target")
      ->type_name("TARGET")
      ->needs(target);
  AddServiceOptions(*command, arguments->service);
  AddConfigOption(*command, arguments->config_file);
  command
      ->add_option("--sample-index", arguments->options.sample_type,
                   "Sample type to compare, by name: inuse_space, inuse_objects, alloc_space, ...")
      ->capture_default_str();
  command->add_flag("--normalize", arguments->options.normalize,
                    "Scale B to the total of A first: shows what takes a larger share");
  AddChoice(*command, "--format", arguments->format, kFormats, "One of those below")
      ->default_str("text")
      ->type_name("FORMAT");
  AddChoice(*command, "--by", arguments->by, kOrders,
            "Rows of the text: site, function, cum or stack")
      ->default_str("site")
      ->type_name("ROWS");
  command->add_option("--top", arguments->top, "Rows of the text at most; 0: all")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000).description(""))
      ->capture_default_str();
  command->add_option("-o,--output", arguments->output, "Write to this file instead of stdout")
      ->type_name("FILE");
  command->footer(kFooter);
  command->callback([arguments, &exit_code] {
    if (IsBinary(arguments->format) && arguments->output.empty() && isatty(STDOUT_FILENO) == 1) {
      std::cerr << "heapwatch diff: this format is binary; give -o FILE or redirect the output\n";
      exit_code = kExitUsage;
      return;
    }
    const auto done = RunDiff(*arguments);
    if (!done) std::cerr << "heapwatch diff: " << done.error().message << '\n';
    exit_code = done ? kExitOk : kExitBadInput;
  });
}

}  // namespace heapwatch
