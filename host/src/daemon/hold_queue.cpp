#include "daemon/hold_queue.h"

#include <asio/post.hpp>
#include <utility>

namespace espgate::host::daemon {

bool HoldQueue::hold(const std::string& entry, ByteView packet) {
  if (!m_on_wanted) {
    return false;
  }
  const auto found = m_waiting.find(entry);
  if (m_size >= most_packets ||
      (found != m_waiting.end() && found->second.packets.size() >= most_of_an_entry)) {
    m_counters.count(Reason::full);
    return false;
  }
  Waiting& waiting =
      found != m_waiting.end() ? found->second : m_waiting.try_emplace(entry, m_io).first->second;
  waiting.packets.emplace_back(packet.begin(), packet.end());
  ++m_size;
  if (waiting.packets.size() == 1) {
    ask(entry, waiting);
  }
  return true;
}

void HoldQueue::ask(const std::string& entry, Waiting& waiting) {
  waiting.timer.expires_after(patience);
  waiting.timer.async_wait([this, entry, alive = m_alive](const asio::error_code& cancelled) {
    if (!cancelled && *alive) {
      m_counters.count(Reason::expired, take(entry).size());
    }
  });
  // The caller is in the middle of a packet.
  asio::post(m_io, [this, entry, alive = m_alive] {
    if (*alive) {
      m_on_wanted(entry);
    }
  });
}

std::vector<Bytes> HoldQueue::take(const std::string& entry) {
  const auto found = m_waiting.find(entry);
  if (found == m_waiting.end()) {
    return {};
  }
  std::vector<Bytes> packets = std::move(found->second.packets);
  m_size -= packets.size();
  m_waiting.erase(found);
  return packets;
}

void HoldQueue::release(const std::string& entry, const Submit& submit) {
  for (const Bytes& packet : take(entry)) {
    submit(packet);
  }
}

void HoldQueue::drop(const std::string& entry) {
  m_counters.count(Reason::refused, take(entry).size());
}

}  // namespace espgate::host::daemon
