#include "sa/secure_channel.h"

#include <utility>

namespace espgate::ike {

SecureChannel::SecureChannel(const IkeProposal& chosen, IkeKeys& keys, bool initiator) {
  const EncryptionTransform encryption = chosen.encryption.front();
  const Integrity integrity = chosen.integrity.empty() ? Integrity::none : chosen.integrity.front();
  auto from_initiator = SkCipher::create(encryption, integrity, std::move(keys.ei), std::move(keys.ai));
  auto from_responder = SkCipher::create(encryption, integrity, std::move(keys.er), std::move(keys.ar));
  m_outbound = initiator ? std::move(from_initiator) : std::move(from_responder);
  m_inbound = initiator ? std::move(from_responder) : std::move(from_initiator);
}

Bytes SecureChannel::protect(const wire::Header& header, const wire::Payloads& payloads, Random& random) {
  Writer plain;
  wire::encode_payloads(plain, payloads);
  const Secret inner(plain.view());
  const std::size_t body_size = m_outbound->body_size(inner.size());

  Writer out;
  wire::Header complete = header;
  complete.first_payload = wire::PayloadType::encrypted;
  complete.encode(out, wire::header_size + wire::payload_header_size + body_size);
  out.u8(std::to_underlying(wire::first_type(payloads)));
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(wire::payload_header_size + body_size));
  const Bytes body = m_outbound->seal(out.view(), inner.view(), random);
  out.bytes(body);
  return std::move(out).finish();
}

Result<SecureChannel::Opened> SecureChannel::open(ByteView message,
                                                  const wire::EncryptedPayload& encrypted) const {
  // The Encrypted payload is the last one, so all before its body is what the ICV covers besides.
  auto plain = m_inbound->open(message.first(message.size() - encrypted.body.size()), encrypted.body);
  if (!plain) {
    return std::unexpected(plain.error());
  }
  Opened opened{encrypted.first_inner, Secret(ByteView(*plain))};
  wipe(*plain);
  return opened;
}

}  // namespace espgate::ike
