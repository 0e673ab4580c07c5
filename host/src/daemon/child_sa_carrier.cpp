#include "daemon/child_sa_carrier.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "config/gateway_config.h"
#include "daemon/placement.h"

namespace espgate::host::daemon {

Expected<std::uint32_t> ChildSaCarrier::allocate_spi() {
  return m_data_path.allocate_spi();
}

void ChildSaCarrier::release_spi(std::uint32_t spi) {
  m_data_path.release_spi(spi);
}

Expected<> ChildSaCarrier::install(const ike::ChildSa& sa) {
  const std::string name = config::spd_entry_name(sa.connection, sa.child);
  auto spec = to_spec(sa);
  if (!spec) {
    spdlog::error("Child SA {} #{} is refused: {}", name, sa.id, spec.error().message);
    return std::unexpected(spec.error());
  }
  if (const offload::SpdEntry* entry = m_data_path.spd().find(name)) {
    spec->replay_window = entry->replay_window;
  }
  if (auto installed = m_data_path.install(*spec); !installed) {
    spdlog::error("Child SA {} #{} cannot be installed: {}", name, sa.id, installed.error().message);
    return installed;
  }
  spdlog::info("Child SA {} #{} installed in the {} engine: SPI {:08x} in, {:08x} out{}{}{}", name, sa.id,
               m_data_path.capabilities().name, sa.inbound_spi, sa.outbound_spi, sa.esn ? ", ESN" : "",
               sa.udp_encapsulation ? ", in UDP" : "",
               sa.replaces != 0 ? fmt::format(", in place of #{}", sa.replaces) : "");
  m_volumes.add(sa);
  if (m_key_log != nullptr) {
    m_key_log->add(*spec);
  }
  return {};
}

void ChildSaCarrier::use_outbound(ike::ChildSaId id) {
  m_data_path.use_outbound(id);
}

bool ChildSaCarrier::move(ike::ChildSaId id, const ike::Endpoint& /*local*/, const ike::Endpoint& remote) {
  spdlog::info("Child SA #{}: the peer is at {} port {} now; it is replaced by one that sends there", id,
               remote.address.to_string(), remote.port);
  return false;
}

void ChildSaCarrier::remove(ike::ChildSaId id) {
  m_volumes.remove(id);
  m_data_path.remove(id);
}

}  // namespace espgate::host::daemon
