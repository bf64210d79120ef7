// An option that takes one of some names and nothing else: CLI11's own transformers take an enum's
// number, too.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace heapwatch {

// `out` and `choices` must live as long as `command`.
template <class T>
CLI::Option* AddChoice(CLI::App& command, const std::string& name, T& out,
                       const std::map<std::string, T>& choices, const std::string& description) {
  return command
      .add_option_function<std::string>(
          name, [&](const std::string& choice) { out = choices.at(choice); }, description)
      ->check(CLI::IsMember(choices).description(""));
}

}  // namespace heapwatch
