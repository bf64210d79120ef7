#include <CLI/CLI.hpp>
#include <iostream>

#include "watcher/cli/commands.h"
#include "watcher/net/version.h"

namespace heapwatch {

void AddVersionCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version and exit");
  command->callback([&exit_code] {
    std::cout << "heapwatch " << Version() << " (" << Compiler() << ")\n";
    exit_code = kExitOk;
  });
}

}  // namespace heapwatch
