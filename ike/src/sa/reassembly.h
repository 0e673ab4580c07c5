// Putting the fragments of one message together (RFC 7383 section 2.6).
#pragma once

#include <array>
#include <map>
#include <memory>
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
    // Of the datagram that the first fragment came in.
    std::array<std::uint8_t, 32> first_digest{};
  };
  // What this fragment completes; nullopt when others are missing. `datagram_digest` is kept of the first
  // fragment. Fragments of one message have one total and one exchange type; those of a higher total drop
  // what is there, since the sender has begun again with smaller ones.
  Result<std::optional<Whole>> add(const wire::Header& header, const wire::FragmentPayload& fragment,
                                   Secret payloads, const std::array<std::uint8_t, 32>& datagram_digest);
  // Whether add() would keep it; tells without any cryptography.
  Result<> wants(const wire::Header& header, const wire::FragmentPayload& fragment) const;

 private:
  struct Parts {
    std::uint32_t message_id = 0;
    wire::ExchangeType exchange{};
    std::uint16_t total = 0;
    std::size_t bytes = 0;
    wire::PayloadType first = wire::PayloadType::none;
    std::array<std::uint8_t, 32> first_digest{};
    std::map<std::uint16_t, Secret> of_number{};
  };
  // Whether it is one of the message that is there, and not one to begin anew with.
  bool continues(const wire::Header& header, const wire::FragmentPayload& fragment) const;

  const Limits& m_limits;
  std::unique_ptr<Parts> m_parts;  // nullptr: nothing there
};

}  // namespace espgate::ike
