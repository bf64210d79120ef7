#include "config/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "analysis/base/base64.h"
#include "config/read_file.h"
#include "config/yaml_reader.h"

namespace heapwatch {
namespace {

std::string TextOf(const YAML::Node& node, const char* name) {
  const YAML::Node value = node.IsMap() ? node[name] : YAML::Node();
  return value && value.IsScalar() ? value.Scalar() : "";
}

// What is called `name` in a list such as `clusters`: its part `kind`, which may be left out.
Result<YAML::Node> Named(const YAML::Node& root, const std::string& list, const std::string& name,
                         const char* kind) {
  const YAML::Node all = root[list];
  if (all && all.IsSequence())
    for (const auto& one : all)
      if (TextOf(one, "name") == name) {
        const YAML::Node part = one[kind];
        if (!part || part.IsNull()) return YAML::Node(YAML::NodeType::Map);
        if (part.IsMap()) return part;
      }
  return Fail(ErrorCode::kInvalidArgument, "there is no \"" + name + "\" in " + list);
}

class Reader {
 public:
  explicit Reader(std::string path) : folder_(std::filesystem::path(path).parent_path()) {}

  std::string File(const YAML::Node& node, const char* name) const {
    const std::string file = TextOf(node, name);
    return file.empty() ? "" : (folder_ / file).string();
  }

  // Fails where `name` is there and not base64, on one line or several.
  static Result<std::string> Data(const YAML::Node& node, const char* name) {
    std::string text = TextOf(node, name);
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    auto data = DecodeBase64(text);
    if (!data) return Fail(ErrorCode::kInvalidArgument, std::string(name) + ": is not base64");
    return *std::move(data);
  }

  Result<void> ReadCluster(const YAML::Node& cluster, KubernetesAccess& out) const {
    out.server = TextOf(cluster, "server");
    while (out.server.ends_with('/')) out.server.pop_back();
    if (out.server.empty()) return Fail(ErrorCode::kInvalidArgument, "needs a server");
    TlsClientConfig& tls = out.http.tls;
    const auto ca = Data(cluster, "certificate-authority-data");
    if (!ca) return Fail(ca.error());
    tls.ca = *ca;
    if (tls.ca.empty()) tls.ca_file = File(cluster, "certificate-authority");
    tls.server_name = TextOf(cluster, "tls-server-name");
    const YAML::Node skip = cluster["insecure-skip-tls-verify"];
    if (skip && !skip.IsNull() && !YAML::convert<bool>::decode(skip, tls.insecure_skip_verify))
      return Fail(ErrorCode::kInvalidArgument, "insecure-skip-tls-verify: expected true or false");
    out.http.proxy_url = Secret(TextOf(cluster, "proxy-url"));
    return {};
  }

  Result<void> ReadUser(const YAML::Node& user, KubernetesAccess& out) const {
    for (const char* plugin : {"exec", "auth-provider"})
      if (user[plugin])
        return Fail(ErrorCode::kInvalidArgument,
                    std::string(plugin) +
                        ": logging in by a program is not possible; give a token, a tokenFile or a "
                        "client-certificate, such as that of a service account");
    TlsClientConfig& tls = out.http.tls;
    const auto cert = Data(user, "client-certificate-data");
    if (!cert) return Fail(cert.error());
    const auto key = Data(user, "client-key-data");
    if (!key) return Fail(key.error());
    tls.cert = *cert;
    if (tls.cert.empty()) tls.cert_file = File(user, "client-certificate");
    tls.key = Secret(*key);
    if (tls.key.empty()) tls.key_file = File(user, "client-key");
    const std::string token = TextOf(user, "token");
    const std::string token_file = File(user, "tokenFile");
    // As kubectl has it: the file, which may change, before the text.
    if (!token_file.empty())
      out.http.authorization = {"Bearer", Secret(), token_file};
    else if (!token.empty())
      out.http.authorization = {"Bearer", Secret(token), ""};
    else if (const std::string name = TextOf(user, "username"); !name.empty())
      out.http.basic_auth = {name, Secret(TextOf(user, "password")), ""};
    return {};
  }

  Result<KubernetesAccess> Read(const YAML::Node& root) const {
    if (!root.IsMap()) return Fail(ErrorCode::kWrongFormat, "is not a kubeconfig");
    const std::string current = TextOf(root, "current-context");
    if (current.empty()) return Fail(ErrorCode::kInvalidArgument, "needs a current-context");
    const auto context = Named(root, "contexts", current, "context");
    if (!context) return Fail(context.error());
    const std::string cluster_name = TextOf(*context, "cluster");
    const auto cluster = Named(root, "clusters", cluster_name, "cluster");
    if (!cluster) return Fail(cluster.error());
    KubernetesAccess access;
    if (const auto ok = ReadCluster(*cluster, access); !ok)
      return Fail(ok.error().In("cluster \"" + cluster_name + "\""));
    const std::string user_name = TextOf(*context, "user");
    if (user_name.empty()) return access;
    const auto user = Named(root, "users", user_name, "user");
    if (!user) return Fail(user.error());
    if (const auto ok = ReadUser(*user, access); !ok)
      return Fail(ok.error().In("user \"" + user_name + "\""));
    return access;
  }

 private:
  const std::filesystem::path folder_;
};

}  // namespace

Result<KubernetesAccess> LoadKubeconfig(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return Fail(text.error());
  try {
    auto access = Reader(path).Read(YAML::Load(*text));
    if (!access) return Fail(access.error().In(path));
    return access;
  } catch (const YAML::Exception& e) {
    return Fail(ErrorCode::kWrongFormat, path + ":" + std::to_string(e.mark.line + 1) + ":" +
                                             std::to_string(e.mark.column + 1) +
                                             ": not valid YAML: " + e.msg);
  }
}

}  // namespace heapwatch
