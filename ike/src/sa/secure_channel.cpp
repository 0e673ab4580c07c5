#include "sa/secure_channel.h"

#include <algorithm>
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

std::vector<Bytes> SecureChannel::protect(const wire::Header& header, const wire::Payloads& payloads,
                                          Random& random, std::size_t max_message) {
  Writer plain;
  wire::encode_payloads(plain, payloads);
  const Secret inner(plain.view());
  const wire::PayloadType first = wire::first_type(payloads);
  constexpr std::size_t overhead = wire::header_size + wire::payload_header_size;
  if (max_message == 0 || overhead + m_outbound->body_size(inner.size()) <= max_message) {
    return {seal(header, first, inner.view(), nullptr, random)};
  }
  // RFC 7383 section 2.5.2: all but the last are of one size, as much as fits.
  std::size_t part = max_message - std::min(max_message, overhead);
  while (part > 1 && overhead + wire::fragment_header_size + m_outbound->body_size(part) > max_message) {
    --part;
  }
  part = std::max<std::size_t>(part, 1);
  const std::size_t total = (inner.size() + part - 1) / part;
  std::vector<Bytes> messages;
  wire::FragmentPayload fragment;
  fragment.first_inner = first;
  fragment.total = static_cast<std::uint16_t>(total);
  for (std::size_t at = 0; at < inner.size(); at += part) {
    const ByteView piece = inner.view().subspan(at, std::min(part, inner.size() - at));
    messages.push_back(seal(header, fragment.first_inner, piece, &fragment, random));
    ++fragment.number;
    fragment.first_inner = wire::PayloadType::none;
  }
  return messages;
}

Bytes SecureChannel::seal(const wire::Header& header, wire::PayloadType first, ByteView inner,
                          const wire::FragmentPayload* fragment, Random& random) {
  const std::size_t payload_size = wire::payload_header_size +
                                   (fragment != nullptr ? wire::fragment_header_size : 0) +
                                   m_outbound->body_size(inner.size());
  Writer out;
  wire::Header complete = header;
  complete.first_payload =
      fragment != nullptr ? wire::PayloadType::encrypted_fragment : wire::PayloadType::encrypted;
  complete.encode(out, wire::header_size + payload_size);
  out.u8(std::to_underlying(first));
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(payload_size));
  if (fragment != nullptr) {
    out.u16(fragment->number);
    out.u16(fragment->total);
  }
  const Bytes body = m_outbound->seal(out.view(), inner, random);
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

Result<Secret> SecureChannel::open(ByteView message, const wire::FragmentPayload& fragment) const {
  // RFC 7383 section 2.5: number and total are covered like all that stands before the body.
  auto plain = m_inbound->open(message.first(message.size() - fragment.body.size()), fragment.body);
  if (!plain) {
    return std::unexpected(plain.error());
  }
  Secret part{ByteView(*plain)};
  wipe(*plain);
  return part;
}

}  // namespace espgate::ike
