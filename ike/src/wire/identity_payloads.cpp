#include "wire/identity_payloads.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::size_t typed_header_size = 4;

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

}  // namespace

Result<> IdPayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.size() < typed_header_size) {
    return std::unexpected(Reason::id_malformed);
  }
  return {};
}

IdPayload IdPayload::parse(PayloadType type, ByteView body) {
  Reader reader(body);
  IdPayload payload;
  payload.which = type;
  payload.id_type = reader.u8();
  std::ranges::copy(reader.take(payload.reserved.size()), payload.reserved.begin());
  payload.data = to_bytes(reader.take_rest());
  return payload;
}

void IdPayload::encode(Writer& out) const {
  out.u8(id_type);
  out.bytes(reserved);
  out.bytes(data);
}

Result<> AuthPayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.size() < typed_header_size) {
    return std::unexpected(Reason::auth_malformed);
  }
  return {};
}

AuthPayload AuthPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  AuthPayload payload;
  payload.method = AuthMethod{reader.u8()};
  reader.skip(3);
  payload.data = to_bytes(reader.take_rest());
  return payload;
}

void AuthPayload::encode(Writer& out) const {
  out.u8(std::to_underlying(method));
  out.zeros(3);
  out.bytes(data);
}

Result<> CertPayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.empty()) {
    return std::unexpected(Reason::cert_malformed);
  }
  return {};
}

CertPayload CertPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  CertPayload payload;
  payload.encoding = reader.u8();
  payload.data = to_bytes(reader.take_rest());
  return payload;
}

void CertPayload::encode(Writer& out) const {
  out.u8(encoding);
  out.bytes(data);
}

Result<> CertRequestPayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.empty()) {
    return std::unexpected(Reason::cert_malformed);
  }
  return {};
}

CertRequestPayload CertRequestPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  CertRequestPayload payload;
  payload.encoding = reader.u8();
  payload.authorities = to_bytes(reader.take_rest());
  return payload;
}

void CertRequestPayload::encode(Writer& out) const {
  out.u8(encoding);
  out.bytes(authorities);
}

}  // namespace espgate::ike::wire
