#include "daemon/packet_pump.h"

#include <asio/post.hpp>
#include <utility>

namespace espgate::host::daemon {

PacketPump::PacketPump(asio::io_context& io, std::unique_ptr<driver::Engine> engine,
                       offload::DataPath::Standby standby)
    : m_io(io),
      m_held(io),
      m_data_path(offload::DataPath::create(std::move(engine), *this, {}, std::move(standby))) {}

PacketPump::~PacketPump() {
  *m_alive = false;
}

void PacketPump::to_devices(Send unprotected, Send protected_side) {
  m_unprotected = std::move(unprotected);
  m_protected = std::move(protected_side);
}

void PacketPump::outbound(ByteView packet) {
  m_data_path->submit_outbound(packet);
  schedule();
}

void PacketPump::release(const std::string& entry) {
  m_held.release(entry, [this](ByteView packet) { outbound(packet); });
}

void PacketPump::inbound(ByteView packet) {
  m_data_path->submit_inbound(packet);
  schedule();
}

void PacketPump::to_unprotected(ByteView packet) {
  if (m_unprotected) {
    m_unprotected(packet);
  }
}

void PacketPump::to_protected(ByteView packet) {
  if (m_protected) {
    m_protected(packet);
  }
}

void PacketPump::engine_replaced(const std::string& reason, const std::vector<std::uint32_t>& lost) {
  asio::post(m_io, [this, reason, lost, alive = m_alive] {
    if (*alive && m_on_engine_replaced) {
      m_on_engine_replaced(reason, lost);
    }
  });
}

// One bounded piece of work for each turn of the loop, so that IKE and the control socket are not kept
// waiting.
void PacketPump::schedule() {
  if (std::exchange(m_scheduled, true)) {
    return;
  }
  asio::post(m_io, [this, alive = m_alive] {
    if (!*alive) {
      return;
    }
    m_scheduled = false;
    if (m_data_path->poll()) {
      schedule();
    }
  });
}

}  // namespace espgate::host::daemon
