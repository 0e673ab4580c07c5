// A peer that knows the protocol and the keys, and does not keep to the rules: it sends any payloads it
// likes, authentic, to the stack of Network::b, in the place of Network::a.
#pragma once

#include <memory>
#include <optional>

#include "crypto/key_exchange.h"
#include "crypto/key_schedule.h"
#include "crypto/sk_cipher.h"
#include "simulated_peers.h"
#include "wire/message.h"

namespace espgate::ike::test {

class HostilePeer {
 public:
  // Takes the network over: nothing reaches Network::a any more.
  explicit HostilePeer(Network& network, bool fragmentation = false);

  // IKE_SA_INIT; afterwards the keys are there and B is half open.
  void init();
  // IKE_AUTH with a Child SA, and `extra` payloads behind; B's answer.
  std::optional<wire::Payloads> authenticate(const wire::Payloads& extra = {});
  // The payloads of the Child SA that B's configuration allows.
  static wire::Payloads child_offer(std::uint32_t spi);

  // An authentic request under the next message ID, and B's answer; nullopt when there is none.
  std::optional<wire::Payloads> request(wire::ExchangeType exchange, const wire::Payloads& payloads);
  // The same with any bytes where the payloads would be.
  std::optional<wire::Payloads> request_bytes(wire::ExchangeType exchange, wire::PayloadType first,
                                              ByteView inner);
  // The same in `pieces` fragments (RFC 7383).
  std::optional<wire::Payloads> request_fragments(wire::ExchangeType exchange, wire::PayloadType first,
                                                  ByteView inner, std::uint16_t pieces);
  // One fragment under the next message ID, numbered as said, and B's answer to what it completes.
  std::optional<wire::Payloads> request_fragment(wire::ExchangeType exchange, wire::PayloadType first,
                                                 ByteView piece, std::uint16_t number, std::uint16_t total);
  // The last request of B's that has no answer yet, and an answer to it.
  struct Asked {
    wire::Header header;
    wire::Payloads payloads;
  };
  std::optional<Asked> asked();
  void answer(const Asked& request, const wire::Payloads& payloads);

  const std::vector<Bytes>& received() const { return m_received; }
  // The ESP SPI of B's end of the Child SA that authenticate() made.
  std::uint32_t peer_child_spi() const { return m_peer_child_spi; }
  static constexpr std::uint32_t own_child_spi = 0xaaaa0001;

 private:
  Bytes seal(wire::Header header, wire::PayloadType first, ByteView inner);
  Bytes seal_fragment(wire::Header header, wire::PayloadType first, ByteView piece, std::uint16_t number,
                      std::uint16_t total);
  wire::Header next_header(wire::ExchangeType exchange) const;
  std::optional<wire::Payloads> answer_since(std::size_t before);
  std::optional<Asked> open(ByteView message) const;
  void send(Bytes message);

  Network& m_network;
  const bool m_fragmentation;
  std::uint64_t m_own_spi = 0x1122334455667788;
  std::uint64_t m_peer_spi = 0;
  std::uint32_t m_next_id = 1;
  IkeProposal m_proposal;
  IkeKeys m_keys;
  Bytes m_init_request;
  Bytes m_nonce;
  Bytes m_peer_nonce;
  std::unique_ptr<SkCipher> m_outbound;
  std::unique_ptr<SkCipher> m_inbound;
  std::vector<Bytes> m_received;
  std::uint32_t m_peer_child_spi = 0;
};

}  // namespace espgate::ike::test
