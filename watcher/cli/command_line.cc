#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "analysis/base/nearest_name.h"
#include "watcher/cli/commands.h"
#include "watcher/net/version.h"

namespace heapwatch {
namespace {

// What begins like an option and is none of the command's, with the nearest that is; "" where that
// is not what is wrong.
std::string UnknownOption(const CLI::App& app) {
  std::string command = "heapwatch";
  const CLI::App* last = &app;
  for (; !last->get_subcommands().empty(); command += ' ' + last->get_name())
    last = last->get_subcommands().front();
  std::vector<std::string> known;
  for (const CLI::Option* option : last->get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  for (const std::string& argument : app.remaining(true)) {
    if (!argument.starts_with('-')) continue;
    const std::string name = argument.substr(0, argument.find('='));
    const auto nearest = NearestName(name, known);
    return command + ": there is no option " + name + ": " +
           (nearest ? "did you mean " + std::string(*nearest) + "?"
                    : "`" + command + " --help` lists those there are");
  }
  return "";
}

// What stands in the place of a sub-command and is none, with those there are; "" where that is
// not what is wrong.
std::string UnknownCommand(const CLI::App& app) {
  const CLI::App* last = &app;
  while (!last->get_subcommands().empty()) last = last->get_subcommands().front();
  const std::vector<std::string> rest = last->remaining();
  if (last->get_require_subcommand_min() == 0 || rest.empty() || rest[0].starts_with('-'))
    return "";
  std::string known;
  for (const CLI::App* command : last->get_subcommands([](const CLI::App*) { return true; }))
    known += (known.empty() ? "" : ", ") + command->get_name();
  return "heapwatch: there is no command \"" + rest[0] + "\": expected one of " + known;
}

int Run(int argc, const char* const* argv) {
  CLI::App app{
      "Heapwatch watches the heap of running programs: it pulls their heap profiles, decides "
      "which\n"
      "allocation sites leak, and shows what grew between any two moments."};
  app.name("heapwatch");
  app.set_version_flag("--version",
                       "heapwatch " + std::string(Version()) + " (" + std::string(Compiler()) + ")",
                       "Print the version and exit");
  app.require_subcommand(1);
  app.footer("Run `heapwatch COMMAND --help` for a command's options and examples.");

  int exit_code = kExitOk;
  AddServeCommand(app, exit_code);
  AddCheckCommand(app, exit_code);
  AddDiffCommand(app, exit_code);
  AddExportCommand(app, exit_code);
  AddReplayCommand(app, exit_code);
  AddStoreCommand(app, exit_code);
  AddTargetsCommand(app, exit_code);
  AddTopCommand(app, exit_code);
  AddTrendCommand(app, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // What is required may be missing since it is misspelt. CLI11 says of neither what there is.
    const bool is_misspelt = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr ||
                             dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    std::string unknown = is_misspelt ? UnknownOption(app) : "";
    if (is_misspelt && unknown.empty()) unknown = UnknownCommand(app);
    if (!unknown.empty()) {
      std::cerr << unknown << '\n';
      return kExitUsage;
    }
    // CLI11 prints the help or the complaint; its own codes are many, ours are three.
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  } catch (const std::exception& error) {
    std::cerr << "heapwatch: " << error.what() << '\n';
    return kExitBadInput;
  }
  return exit_code;
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv) {
  const int exit_code = Run(argc, argv);
  if (exit_code != kExitOk || std::cout.flush()) return exit_code;
  std::cerr << "heapwatch: cannot write to the standard output\n";
  return kExitBadInput;
}

}  // namespace heapwatch
