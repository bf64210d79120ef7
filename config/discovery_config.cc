#include "config/discovery_config.h"

namespace heapwatch {
namespace {

struct Mechanism {
  std::string_view operator()(const FileSdConfig&) const { return "file"; }
};

struct Place {
  std::string operator()(const FileSdConfig& config) const { return Joined(config.files); }

  static std::string Joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }
};

}  // namespace

std::string_view MechanismOf(const DiscoveryConfig& config) {
  return std::visit(Mechanism(), config);
}

std::string PlaceOf(const DiscoveryConfig& config) { return std::visit(Place(), config); }

}  // namespace heapwatch
