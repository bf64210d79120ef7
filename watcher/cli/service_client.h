// Asks a running service, for the sub-commands that talk to one; and the options that say where it
// is and who asks.
#pragma once

#include <CLI/App.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "analysis/base/error.h"

namespace heapwatch {

struct ServiceAddress {
  std::string url = "http://127.0.0.1:9199";  // with the path prefix, where there is one
  std::string user;
  std::string password_file;
  std::string token_file;
  std::string ca_file;  // "": the system's authorities
};

// --url (or HEAPWATCH_URL), --user, --password-file, --token-file, --ca-file. `address` must live
// as long as `command`.
void AddServiceOptions(CLI::App& command, ServiceAddress& address);

using Query = std::initializer_list<std::pair<std::string_view, std::string>>;

// The body of a 200; parameters with an empty value are left out. Errors tell what the service
// said, or why it could not be asked and which option may help.
Result<std::string> AskService(const ServiceAddress& address, std::string_view path, Query query);
// The `data` of a JSON answer. kWrongFormat where something else answers than a Heapwatch.
Result<boost::json::value> AskServiceForData(const ServiceAddress& address, std::string_view path,
                                             Query query);

// The exit code of a sub-command that asks a service, as `run` does; tells on stderr what fails.
// `run` may take the data for what this version's API answers: that they are not is told, too.
int RunAsking(std::string_view command, const ServiceAddress& address,
              const std::function<Result<void>()>& run);

}  // namespace heapwatch
