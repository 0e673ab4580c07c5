// Putting the fragments of one message together (RFC 7383 section 2.6).
#pragma once

#include <array>
#include <map>
#include <optional>

#include "base/secret.h"
#include "ike/stack.h"
#include "reason.h"
#include "wire/message.h"

namespace espgate::ike {

// Takes only fragments that are authentic. What it holds is bounded by Limits::max_fragments and
// Limits::max_message_bytes.
class Reassembly {
 public:
  explicit Reassembly(const Limits& limits) : m_limits(limits) {}

  struct Whole {
    wire::PayloadType first = wire::PayloadType::none;
    Secret payloads;
  };
  // What this fragment completes; nullopt when others are missing. `datagram_digest` is kept of the first
  // fragment. Fragments of one message have one total and one exchange type; those of a higher total drop
  // what is there, since the sender has begun again with smaller ones.
  Result<std::optional<Whole>> add(const wire::Header& header, const wire::FragmentPayload& fragment,
                                   Secret payloads, const std::array<std::uint8_t, 32>& datagram_digest);
  // Whether add() would keep it; tells without any cryptography.
  Result<> wants(const wire::Header& header, const wire::FragmentPayload& fragment) const;
  // Of the datagram that the first fragment of the last message put together came in.
  const std::array<std::uint8_t, 32>& first_digest() const { return m_first_digest; }
  void clear();

 private:
  const Limits& m_limits;
  std::uint32_t m_message_id = 0;
  wire::ExchangeType m_exchange{};
  std::uint16_t m_total = 0;  // 0: nothing there
  std::size_t m_bytes = 0;
  wire::PayloadType m_first = wire::PayloadType::none;
  std::map<std::uint16_t, Secret> m_parts;
  std::array<std::uint8_t, 32> m_first_digest{};
};

}  // namespace espgate::ike
