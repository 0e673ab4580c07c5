#include "sa/request_window.h"

#include <algorithm>
#include <cmath>

namespace espgate::ike {

void RequestWindow::enqueue_first(std::unique_ptr<Exchange> exchange) {
  m_waiting.push_back(std::move(exchange));
  std::ranges::rotate(m_waiting, m_waiting.end() - 1);
}

std::unique_ptr<Exchange> RequestWindow::next() {
  if (m_active != nullptr || m_waiting.empty()) {
    return nullptr;
  }
  auto exchange = std::move(m_waiting.front());
  m_waiting.erase(m_waiting.begin());
  if (m_waiting.empty()) {
    m_waiting.shrink_to_fit();
  }
  return exchange;
}

void RequestWindow::start(std::unique_ptr<Exchange> exchange, std::vector<Bytes> request, Instant now) {
  m_active = std::move(exchange);
  restart(std::move(request), now);
}

void RequestWindow::restart(std::vector<Bytes> request, Instant now) {
  m_request = std::move(request);
  m_tries = 0;
  m_deadline = now + m_limits.retransmit_initial;
}

void RequestWindow::finish() {
  m_active.reset();
  m_request = {};
  ++m_message_id;
}

std::optional<Instant> RequestWindow::deadline() const {
  return m_active != nullptr ? std::optional(m_deadline) : std::nullopt;
}

bool RequestWindow::retransmit(Instant now) {
  if (m_tries >= m_limits.retransmit_tries) {
    return false;
  }
  ++m_tries;
  const double factor = std::pow(m_limits.retransmit_factor, m_tries);
  m_deadline = now + std::chrono::duration_cast<Instant>(m_limits.retransmit_initial * factor);
  return true;
}

void ResponseCache::answer(const Digest& digest, std::vector<Bytes> response) {
  m_digest = digest;
  m_response = std::move(response);
  m_answered = true;
  ++m_expected_id;
}

}  // namespace espgate::ike
