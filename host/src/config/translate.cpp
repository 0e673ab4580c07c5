// The order of the work: what names are there, then what they say, then what they say together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "config/credential_files.h"
#include "config/gateway_config.h"
#include "config/schema.h"
#include "config/translate_connection.h"
#include "config/translate_secrets.h"

namespace espgate::host::config {

std::string spd_entry_name(std::string_view connection, std::string_view child) {
  return fmt::format("{}.{}", connection, child);
}

namespace {

// One section of `authorities`: a trust anchor that may lie anywhere.
void translate_authority(const Section& section, const CredentialFiles& files, ike::Credentials& credentials,
                         Diagnostics& errors) {
  const std::string path = "authorities." + section.name();
  check_keys(section, path, schema::authority_keys(), errors);
  check_sections(section, path, schema::no_names(), errors);
  for (const char* key : {"cacert", "file"}) {
    const Setting* setting = section.find(key);
    if (setting == nullptr) {
      continue;
    }
    if (auto authority = files.authority(setting->text()); !authority) {
      errors.add(setting->where, path + "." + key, authority.error().message);
    } else if (std::ranges::find(credentials.authorities, *authority) == credentials.authorities.end()) {
      credentials.authorities.push_back(std::move(*authority));
    }
  }
}

// What is there must be enough to prove who we are, and to check who the peer is.
void check_credentials(const ConnectionSettings& connection, const ike::Credentials& credentials,
                       Diagnostics& errors) {
  if (const auto usable = ike::check_local_certificate(connection.ike, credentials); !usable) {
    errors.add(fmt::format("{}.local: {}", connection.where, usable.error().message));
  }
  const ike::RemoteAuth& remote = connection.ike.remote_auth;
  if (remote.kind == ike::AuthKind::signature && remote.certificates.empty() && remote.authorities.empty() &&
      credentials.authorities.empty()) {
    errors.add(
        fmt::format("{}.remote: no authority that the peer's certificate could come from; put its "
                    "certificate into x509ca, or name the peer's in certs",
                    connection.where));
  }
}

}  // namespace

std::expected<GatewayConfig, ConfigErrors> translate(const Conf& conf, const std::string& folder) {
  if (!conf.errors.empty()) {
    return std::unexpected(conf.errors);
  }
  Diagnostics errors;
  check_keys(conf.root, "", schema::no_names(), errors);
  check_sections(conf.root, "", schema::top_sections(), errors);

  GatewayConfig config;
  CredentialFiles files(folder);
  if (const Section* secrets = conf.root.find_section("secrets")) {
    config.secrets = translate_secrets(*secrets, files, errors);
  }
  config.credentials = files.load_all(errors);
  if (const Section* authorities = conf.root.find_section("authorities")) {
    check_keys(*authorities, "authorities", schema::no_names(), errors);
    for (const Section& authority : authorities->sections()) {
      translate_authority(authority, files, config.credentials, errors);
    }
  }
  if (const Section* connections = conf.root.find_section("connections")) {
    check_keys(*connections, "connections", schema::no_names(), errors);
    for (const Section& connection : connections->sections()) {
      config.connections.push_back(translate_connection(connection, files, errors));
    }
  }
  if (errors.empty()) {
    for (const ConnectionSettings& connection : config.connections) {
      check_credentials(connection, config.credentials, errors);
    }
  }
  if (!errors.empty()) {
    return std::unexpected(errors.take());
  }
  config.notices = errors.take_notices();
  return config;
}

std::expected<GatewayConfig, ConfigErrors> load_gateway_config(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return translate(read_conf_file(path), folder.empty() ? "." : folder);
}

}  // namespace espgate::host::config
