#include "daemon/ike_driver.h"

#include <utility>

namespace espgate::host::daemon {

IkeDriver::IkeDriver(asio::io_context& io, std::unique_ptr<ike::Stack> stack)
    : m_stack(std::move(stack)), m_timer(io) {}

ike::Instant IkeDriver::now() const {
  return std::chrono::duration_cast<ike::Instant>(std::chrono::steady_clock::now() - m_epoch);
}

// Before every input that may bring a certificate: the clock of the host may be set at any time.
void IkeDriver::tell_time() {
  m_stack->set_time_of_day(
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()), now());
}

void IkeDriver::receive(const ike::Datagram& datagram) {
  tell_time();
  m_stack->receive(datagram, now());
  settle();
}

void IkeDriver::child_expired(ike::ChildSaId id, bool hard) {
  m_stack->child_expired(id, hard, now());
  settle();
}

void IkeDriver::settle() {
  if (std::exchange(m_settling, true)) {
    m_again = true;  // the call further up does it
    return;
  }
  do {
    m_again = false;
    drain();
    if (m_on_settled) {
      m_on_settled();
    }
  } while (m_again);
  m_settling = false;
  arm_timer();
}

void IkeDriver::drain() {
  for (const ike::Datagram& datagram : m_stack->take_datagrams()) {
    if (m_send) {
      m_send(datagram);
    }
  }
  for (const ike::Stack::Keepalive& keepalive : m_stack->take_keepalives()) {
    if (m_send_keepalive) {
      m_send_keepalive(keepalive);
    }
  }
  for (const ike::Event& event : m_stack->take_events()) {
    if (m_on_event) {
      m_on_event(event);
    }
  }
}

void IkeDriver::arm_timer() {
  const auto next = m_stack->next_timer();
  if (!next) {
    m_timer.cancel();
    return;
  }
  m_timer.expires_at(m_epoch + *next);
  m_timer.async_wait([this](const asio::error_code& cancelled) {
    if (!cancelled) {
      m_stack->tick(now());
      settle();
    }
  });
}

}  // namespace espgate::host::daemon
