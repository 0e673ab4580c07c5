// Message IDs and retransmission (RFC 7296 sections 2.1 to 2.3), with a window of one.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sa/exchange.h"

namespace espgate::ike {

// Our requests: one under way, the others wait.
class RequestWindow {
 public:
  explicit RequestWindow(const Limits& limits) : m_limits(limits) {}

  void enqueue(std::unique_ptr<Exchange> exchange) { m_waiting.push_back(std::move(exchange)); }
  void enqueue_first(std::unique_ptr<Exchange> exchange);
  void drop_waiting() { m_waiting.clear(); }
  std::vector<std::unique_ptr<Exchange>> take_waiting() { return std::exchange(m_waiting, {}); }
  // The next exchange, to be started; nullptr when one is under way or none waits.
  std::unique_ptr<Exchange> next();
  // A request is one datagram, or the fragments of one.
  void start(std::unique_ptr<Exchange> exchange, std::vector<Bytes> request, Instant now);
  // The same exchange and message ID with other bytes.
  void restart(std::vector<Bytes> request, Instant now);
  // The exchange under way is finished, and gone.
  void finish();

  Exchange* active() { return m_active.get(); }
  const Exchange* active() const { return m_active.get(); }
  const std::vector<std::unique_ptr<Exchange>>& waiting() const { return m_waiting; }
  // Message ID of the exchange under way, or of the next one.
  std::uint32_t message_id() const { return m_message_id; }
  const std::vector<Bytes>& request() const { return m_request; }

  // When to send again or to give up; nullopt when no exchange is under way.
  std::optional<Instant> deadline() const;
  // Whether another retransmission is left; then the next deadline is set.
  bool retransmit(Instant now);

 private:
  const Limits& m_limits;
  // Most IKE SAs have nothing waiting most of the time, and many have nothing else: it takes no memory then.
  std::vector<std::unique_ptr<Exchange>> m_waiting;
  std::unique_ptr<Exchange> m_active;
  std::vector<Bytes> m_request;
  std::uint32_t m_message_id = 0;
  Instant m_deadline{};
  unsigned m_tries = 0;
};

// The peer's requests: the ID that comes next, and the answer to the one before.
class ResponseCache {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  std::uint32_t expected_id() const { return m_expected_id; }
  // Whether the message ID is that of the last request answered.
  bool is_last(std::uint32_t message_id) const { return m_answered && message_id + 1 == m_expected_id; }
  bool is_same(const Digest& digest) const { return m_digest == digest; }
  // One datagram, or the fragments of one.
  const std::vector<Bytes>& response() const { return m_response; }
  const Digest& digest() const { return m_digest; }
  bool answered() const { return m_answered; }
  void answer(const Digest& digest, std::vector<Bytes> response);

 private:
  std::uint32_t m_expected_id = 0;
  bool m_answered = false;
  Digest m_digest{};
  std::vector<Bytes> m_response;
};

}  // namespace espgate::ike
