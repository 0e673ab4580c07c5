#include "wire/message.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::uint8_t critical_bit = 0x80;

template <typename T>
Result<Payload> decode_as(PayloadType type, ByteView body, const Limits& limits) {
  if (const auto valid = T::validate(body, limits); !valid) {
    return std::unexpected(valid.error());
  }
  return T::parse(type, body);
}

Result<Payload> decode_body(PayloadType type, bool critical, PayloadType next, ByteView body,
                            const Limits& limits) {
  switch (type) {
    case PayloadType::security_association:
      return decode_as<SaPayload>(type, body, limits);
    case PayloadType::key_exchange:
      return decode_as<KePayload>(type, body, limits);
    case PayloadType::id_initiator:
    case PayloadType::id_responder:
      return decode_as<IdPayload>(type, body, limits);
    case PayloadType::certificate:
      return decode_as<CertPayload>(type, body, limits);
    case PayloadType::certificate_request:
      return decode_as<CertRequestPayload>(type, body, limits);
    case PayloadType::authentication:
      return decode_as<AuthPayload>(type, body, limits);
    case PayloadType::nonce:
      return decode_as<NoncePayload>(type, body, limits);
    case PayloadType::notify:
      return decode_as<NotifyPayload>(type, body, limits);
    case PayloadType::delete_sa:
      return decode_as<DeletePayload>(type, body, limits);
    case PayloadType::vendor_id:
      return decode_as<VendorIdPayload>(type, body, limits);
    case PayloadType::ts_initiator:
    case PayloadType::ts_responder:
      return decode_as<TsPayload>(type, body, limits);
    case PayloadType::configuration:
      return decode_as<ConfigurationPayload>(type, body, limits);
    case PayloadType::eap:
      return decode_as<EapPayload>(type, body, limits);
    case PayloadType::encrypted:
      if (const auto valid = EncryptedPayload::validate(body, limits); !valid) {
        return std::unexpected(valid.error());
      }
      return EncryptedPayload{next, Bytes(body.begin(), body.end())};
    case PayloadType::encrypted_fragment: {
      if (const auto valid = FragmentPayload::validate(body, limits); !valid) {
        return std::unexpected(valid.error());
      }
      Reader reader(body);
      FragmentPayload fragment;
      fragment.first_inner = next;
      fragment.number = reader.u16();
      fragment.total = reader.u16();
      const ByteView rest = reader.take_rest();
      fragment.body.assign(rest.begin(), rest.end());
      return fragment;
    }
    case PayloadType::none:
      break;
  }
  return UnknownPayload{type, critical, Bytes(body.begin(), body.end())};
}

}  // namespace

PayloadType type_of(const Payload& payload) {
  return std::visit([](const auto& p) { return p.type(); }, payload);
}

Result<Payloads> decode_payloads(PayloadType first, ByteView bytes, const Limits& limits) {
  Payloads payloads;
  Reader reader(bytes);
  PayloadType type = first;
  while (type != PayloadType::none) {
    const PayloadType next{reader.u8()};
    const bool critical = (reader.u8() & critical_bit) != 0;
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < payload_header_size) {
      return std::unexpected(Reason::chain_malformed);
    }
    const ByteView body = reader.take(length - payload_header_size);
    if (!reader.ok()) {
      return std::unexpected(Reason::chain_malformed);
    }
    if (payloads.size() == limits.max_payloads) {
      return std::unexpected(Reason::too_many_payloads);
    }
    auto payload = decode_body(type, critical, next, body, limits);
    if (!payload) {
      return std::unexpected(payload.error());
    }
    payloads.push_back(std::move(*payload));
    if (type == PayloadType::encrypted) {
      // Its next-payload field belongs to the chain inside (RFC 7296 section 3.14).
      if (!reader.empty()) {
        return std::unexpected(Reason::encrypted_malformed);
      }
      return payloads;
    }
    if (type == PayloadType::encrypted_fragment) {
      // RFC 7383 section 2.5.3: ours have nothing beside it, and what is beside it nobody has authenticated.
      if (!reader.empty() || payloads.size() != 1) {
        return std::unexpected(Reason::fragment_malformed);
      }
      return payloads;
    }
    type = next;
  }
  if (!reader.empty()) {
    return std::unexpected(Reason::chain_malformed);
  }
  return payloads;
}

Result<Message> decode_message(ByteView bytes, const Limits& limits) {
  if (const auto valid = Header::validate(bytes, limits); !valid) {
    return std::unexpected(valid.error());
  }
  Message message;
  message.header = Header::parse(bytes);
  auto payloads = decode_payloads(message.header.first_payload, bytes.subspan(header_size), limits);
  if (!payloads) {
    return std::unexpected(payloads.error());
  }
  message.payloads = std::move(*payloads);
  return message;
}

PayloadType first_type(const Payloads& payloads) {
  return payloads.empty() ? PayloadType::none : type_of(payloads.front());
}

void encode_payloads(Writer& out, const Payloads& payloads) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const Payload& payload = payloads[i];
    const std::size_t start = out.size();
    PayloadType next = i + 1 < payloads.size() ? type_of(payloads[i + 1]) : PayloadType::none;
    if (const auto* encrypted = std::get_if<EncryptedPayload>(&payload)) {
      next = encrypted->first_inner;
    } else if (const auto* fragment = std::get_if<FragmentPayload>(&payload)) {
      next = fragment->first_inner;
    }
    const auto* unknown = std::get_if<UnknownPayload>(&payload);
    out.u8(std::to_underlying(next));
    out.u8(unknown != nullptr && unknown->critical ? critical_bit : 0);
    out.u16(0);
    std::visit([&out](const auto& p) { p.encode(out); }, payload);
    out.patch_u16(start + 2, static_cast<std::uint16_t>(out.size() - start));
  }
}

Bytes encode_message(const Header& header, const Payloads& payloads) {
  Writer body;
  encode_payloads(body, payloads);
  Header complete = header;
  complete.first_payload = first_type(payloads);
  Writer out;
  complete.encode(out, header_size + body.size());
  out.bytes(body.view());
  return std::move(out).finish();
}

const NotifyPayload* find_notify(const Payloads& payloads, NotifyType type) {
  for (const Payload& payload : payloads) {
    if (const auto* notify = std::get_if<NotifyPayload>(&payload);
        notify != nullptr && notify->notify == type) {
      return notify;
    }
  }
  return nullptr;
}

const NotifyPayload* find_error(const Payloads& payloads) {
  for (const Payload& payload : payloads) {
    if (const auto* notify = std::get_if<NotifyPayload>(&payload);
        notify != nullptr && is_error(notify->notify)) {
      return notify;
    }
  }
  return nullptr;
}

const UnknownPayload* find_critical_unknown(const Payloads& payloads) {
  for (const Payload& payload : payloads) {
    if (const auto* unknown = std::get_if<UnknownPayload>(&payload);
        unknown != nullptr && unknown->critical) {
      return unknown;
    }
  }
  return nullptr;
}

std::size_t count_of(const Payloads& payloads, PayloadType type) {
  return static_cast<std::size_t>(
      std::ranges::count_if(payloads, [type](const Payload& p) { return type_of(p) == type; }));
}

}  // namespace espgate::ike::wire
