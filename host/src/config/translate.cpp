// The order of the work: what names are there, then what they say, then what they say together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/gateway_config.h"
#include "config/schema.h"
#include "config/translate_connection.h"
#include "config/translate_secrets.h"

namespace espgate::host::config {

std::string spd_entry_name(std::string_view connection, std::string_view child) {
  return fmt::format("{}.{}", connection, child);
}

std::expected<GatewayConfig, ConfigErrors> translate(const Conf& conf) {
  if (!conf.errors.empty()) {
    return std::unexpected(conf.errors);
  }
  Diagnostics errors;
  check_keys(conf.root, "", schema::no_names(), errors);
  check_sections(conf.root, "", schema::top_sections(), errors);

  GatewayConfig config;
  if (const Section* connections = conf.root.find_section("connections")) {
    check_keys(*connections, "connections", schema::no_names(), errors);
    for (const Section& connection : connections->sections()) {
      config.connections.push_back(translate_connection(connection, errors));
    }
  }
  if (const Section* secrets = conf.root.find_section("secrets")) {
    config.secrets = translate_secrets(*secrets, errors);
  }
  if (!errors.empty()) {
    return std::unexpected(errors.take());
  }
  config.notices = errors.take_notices();
  return config;
}

std::expected<GatewayConfig, ConfigErrors> load_gateway_config(const std::string& path) {
  return translate(read_conf_file(path));
}

}  // namespace espgate::host::config
