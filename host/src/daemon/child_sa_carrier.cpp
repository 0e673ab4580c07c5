#include "daemon/child_sa_carrier.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <asio/post.hpp>

#include "config/gateway_config.h"

namespace espgate::host::daemon {

Expected<std::uint32_t> ChildSaCarrier::allocate_spi() {
  return m_carriers.engine.allocate_spi();
}

void ChildSaCarrier::release_spi(std::uint32_t spi) {
  if (m_carriers.kernel == nullptr || !m_carriers.kernel->receives(spi)) {
    m_carriers.engine.release_spi(spi);
  }
}

Expected<> ChildSaCarrier::to_engine(const ike::ChildSa& sa, const offload::SpdEntry* entry) {
  if (entry != nullptr && entry->placement == offload::SaPlacement::kernel_only) {
    return fail("hw_offload = no");
  }
  auto spec = to_spec(sa);
  if (!spec) {
    return std::unexpected(spec.error());
  }
  if (entry != nullptr) {
    spec->replay_window = entry->replay_window;
  }
  return m_carriers.engine.install(*spec);
}

Expected<> ChildSaCarrier::to_kernel(const ike::ChildSa& sa, const offload::SpdEntry* entry) const {
  if (entry != nullptr && entry->placement == offload::SaPlacement::engine_only) {
    return fail("hw_offload = packet");
  }
  if (m_carriers.kernel == nullptr) {
    return fail(m_carriers.no_kernel);
  }
  auto spec = to_kernel_spec(sa);
  if (!spec) {
    return std::unexpected(spec.error());
  }
  if (entry != nullptr) {
    spec->replay_window = entry->replay_window;
  }
  return m_carriers.kernel->install(*std::move(spec));
}

Expected<> ChildSaCarrier::install(const ike::ChildSa& sa) {
  const std::string name = config::spd_entry_name(sa.connection, sa.child);
  const offload::SpdEntry* entry = m_carriers.engine.spd().find(name);
  Placed placed{.in_kernel = false, .inbound_spi = sa.inbound_spi, .reason = {}};
  if (auto engine = to_engine(sa, entry); !engine) {
    placed.reason = engine.error().message;
    if (auto kernel = to_kernel(sa, entry); !kernel) {
      auto refused =
          fail(fmt::format("the {} engine: {}; the kernel: {}", m_carriers.engine.capabilities().name,
                           placed.reason, kernel.error().message));
      spdlog::error("Child SA {} #{} is refused: {}", name, sa.id, refused.error().message);
      return refused;
    }
    placed.in_kernel = true;
  } else {
    m_volumes.add(sa);  // the kernel counts for itself
  }
  announce(sa, placed);
  m_placed.insert_or_assign(sa.id, std::move(placed));
  if (m_key_log != nullptr) {
    if (const auto keys = to_spec(sa)) {
      m_key_log->add(*keys);
    } else {
      spdlog::warn("the keys of Child SA {} #{} are not in the key log: {}", name, sa.id,
                   keys.error().message);
    }
  }
  return {};
}

void ChildSaCarrier::announce(const ike::ChildSa& sa, const Placed& placed) const {
  spdlog::info("Child SA {} #{} installed in the {}{}: SPI {:08x} in, {:08x} out{}{}{}",
               config::spd_entry_name(sa.connection, sa.child), sa.id,
               placed.in_kernel ? "kernel" : m_carriers.engine.capabilities().name + " engine",
               placed.reason.empty() ? "" : fmt::format(" ({})", placed.reason), sa.inbound_spi,
               sa.outbound_spi, sa.esn ? ", ESN" : "", sa.udp_encapsulation ? ", in UDP" : "",
               sa.replaces != 0 ? fmt::format(", in place of #{}", sa.replaces) : "");
}

const Placed* ChildSaCarrier::placed(ike::ChildSaId id) const {
  const auto found = m_placed.find(id);
  return found == m_placed.end() ? nullptr : &found->second;
}

std::string ChildSaCarrier::where(const Placed& placed) const {
  return placed.in_kernel ? "kernel" : "engine " + m_carriers.engine.capabilities().name;
}

void ChildSaCarrier::use_outbound(ike::ChildSaId id) {
  const Placed* at = placed(id);
  if (at == nullptr || !at->in_kernel) {
    m_carriers.engine.use_outbound(id);
    return;
  }
  if (const auto used = m_carriers.kernel->use_outbound(id); !used) {
    spdlog::error("Child SA #{} cannot send: {}; it is given up", id, used.error().message);
    // IKE is in the middle of something: it is told from the loop.
    asio::post(m_io, [this, id, alive = m_alive] {
      if (*alive && m_on_expired) {
        m_on_expired(id, true);
      }
    });
  }
}

void ChildSaCarrier::stop_outbound(ike::ChildSaId id) {
  const Placed* at = placed(id);
  if (at != nullptr && at->in_kernel) {
    m_carriers.kernel->stop_outbound(id);
    return;
  }
  m_volumes.remove(id);
  m_carriers.engine.stop_outbound(id);
}

bool ChildSaCarrier::move(ike::ChildSaId id, const ike::Endpoint& /*local*/, const ike::Endpoint& remote) {
  spdlog::info("Child SA #{}: the peer is at {} port {} now; it is replaced by one that sends there", id,
               remote.address.to_string(), remote.port);
  return false;
}

void ChildSaCarrier::remove(ike::ChildSaId id) {
  const auto found = m_placed.find(id);
  if (found != m_placed.end() && found->second.in_kernel) {
    m_carriers.kernel->remove(id);
    m_carriers.engine.release_spi(found->second.inbound_spi);
  } else {
    m_volumes.remove(id);
    m_carriers.engine.remove(id);
  }
  if (found != m_placed.end()) {
    m_placed.erase(found);
  }
}

std::map<ike::ChildSaId, offload::ChildSaStatistics> ChildSaCarrier::statistics() {
  std::map<ike::ChildSaId, offload::ChildSaStatistics> all;
  if (auto engine = m_carriers.engine.statistics()) {
    for (offload::ChildSaStatistics& child : engine->children) {
      const std::uint32_t id = child.id;
      all.emplace(id, std::move(child));
    }
  }
  if (m_carriers.kernel == nullptr) {
    return all;
  }
  for (const auto& [id, counters] : m_carriers.kernel->counters()) {
    offload::ChildSaStatistics child;
    child.id = id;
    child.name = m_carriers.kernel->name_of(id);
    child.outbound.packets = counters.packets_out;
    child.outbound.bytes = counters.bytes_out;
    child.outbound.next_sequence = counters.outbound_sequence + 1;
    child.inbound.packets = counters.packets_in;
    child.inbound.bytes = counters.bytes_in;
    child.inbound.replay_top = counters.inbound_sequence;
    // The kernel does not tell duplicates from what is too old.
    child.inbound.replay_duplicate = counters.replay_drops;
    child.inbound.icv_failed = counters.integrity_drops;
    all.emplace(id, std::move(child));
  }
  return all;
}

}  // namespace espgate::host::daemon
