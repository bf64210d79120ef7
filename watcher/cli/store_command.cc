#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "analysis/base/units.h"
#include "watcher/cli/commands.h"
#include "watcher/store/maintenance.h"
#include "watcher/store/rocks_store.h"

namespace heapwatch {
namespace {

struct StoreArguments {
  std::string storage_path = "data";
  std::string destination;
};

constexpr const char* kFooter =
    R"(stat, check and backup only read: a service may be running on the store, and what they see is the
store as it was when they began. compact needs it alone: a running service tidies up by itself. A
backup goes into a new directory, neither in the store nor around it.

Examples:
  heapwatch store check --storage.path /var/lib/heapwatch
  heapwatch store backup --storage.path /var/lib/heapwatch /backup/heapwatch-monday
  heapwatch serve --storage.path /backup/heapwatch-monday    # a backup is a store

Exit codes: 0 fine, 1 no such store, damage found or the work failed, 2 wrong usage.)";

std::string Bytes(std::uint64_t bytes) { return FormatBytes(static_cast<double>(bytes)); }

Result<int> Stat(const StoreArguments& arguments) {
  const auto stat = StatStore(arguments.storage_path);
  if (!stat) return Fail(stat.error());
  std::cout << "targets     " << stat->targets << "\nsnapshots   " << stat->snapshots;
  if (stat->first) {
    std::cout << ", from " << FormatRfc3339(*stat->first) << " to " << FormatRfc3339(*stat->last);
  }
  std::cout << "\npins        " << stat->pins << "\non disk     " << Bytes(stat->disk_bytes)
            << " (blocks " << Bytes(stat->block_bytes) << ", rows " << Bytes(stat->row_bytes)
            << ", dictionary " << Bytes(stat->dictionary_bytes) << ", log "
            << Bytes(stat->log_bytes) << ")\n";
  return kExitOk;
}

Result<int> Check(const StoreArguments& arguments) {
  const auto check = CheckStore(arguments.storage_path);
  if (!check) return Fail(check.error());
  for (const std::string& damage : check->damages) std::cout << damage << '\n';
  std::cout << check->targets << " targets, " << check->snapshots << " snapshots, " << check->stacks
            << " stacks: "
            << (check->damages.empty() ? "sound"
                                       : std::to_string(check->damages.size()) + " damages")
            << '\n';
  return check->damages.empty() ? kExitOk : kExitBadInput;
}

Result<int> BackUp(const StoreArguments& arguments) {
  if (auto done = BackUpStore(arguments.storage_path, arguments.destination); !done) {
    return Fail(done.error());
  }
  return kExitOk;
}

Result<int> Compact(const StoreArguments& arguments) {
  const auto before = StatStore(arguments.storage_path);
  if (!before) return Fail(before.error());
  {
    const auto store = RocksStore::Open(arguments.storage_path);
    if (!store) return Fail(store.error());
    if (auto done = (*store)->Compact(); !done) return Fail(done.error());
  }
  const auto after = StatStore(arguments.storage_path);
  if (!after) return Fail(after.error());
  std::cout << Bytes(before->disk_bytes) << " before, " << Bytes(after->disk_bytes) << " after\n";
  return kExitOk;
}

}  // namespace

void AddStoreCommand(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<StoreArguments>();
  CLI::App* store = app.add_subcommand("store", "Look after the stored history");
  store->require_subcommand(1);
  store->footer(kFooter);
  const auto add = [&](const char* name, const char* help,
                       Result<int> (*work)(const StoreArguments&)) {
    CLI::App* command = store->add_subcommand(name, help);
    command->add_option("--storage.path", arguments->storage_path, "Where history is kept")
        ->type_name("DIR")
        ->capture_default_str();
    command->footer(kFooter);
    command->callback([arguments, &exit_code, name, work] {
      const auto code = work(*arguments);
      exit_code = code.value_or(kExitBadInput);
      if (!code) {
        std::cerr << "heapwatch store " << name << ": " << code.error().message << '\n';
      }
    });
    return command;
  };
  add("stat", "What is kept, and how much room it takes", Stat);
  add("check", "Read everything, and name what is damaged", Check);
  add("backup", "Copy the store to a new directory", BackUp)
      ->add_option("DIR", arguments->destination, "The directory to make")
      ->required();
  add("compact", "Pack all history as tightly as it can be", Compact);
}

}  // namespace heapwatch
