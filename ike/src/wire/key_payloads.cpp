#include "wire/key_payloads.h"

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::size_t ke_header_size = 4;
constexpr std::size_t min_nonce_size = 16;
constexpr std::size_t max_nonce_size = 256;

}  // namespace

Result<> KePayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.size() <= ke_header_size) {
    return std::unexpected(Reason::ke_malformed);
  }
  return {};
}

KePayload KePayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  KePayload payload;
  payload.group = reader.u16();
  reader.skip(2);
  const ByteView data = reader.take_rest();
  payload.data.assign(data.begin(), data.end());
  return payload;
}

void KePayload::encode(Writer& out) const {
  out.u16(group);
  out.u16(0);
  out.bytes(data);
}

Result<> NoncePayload::validate(ByteView body, const Limits& /*limits*/) {
  if (body.size() < min_nonce_size || body.size() > max_nonce_size) {
    return std::unexpected(Reason::nonce_malformed);
  }
  return {};
}

NoncePayload NoncePayload::parse(PayloadType /*type*/, ByteView body) {
  return NoncePayload{Bytes(body.begin(), body.end())};
}

void NoncePayload::encode(Writer& out) const {
  out.bytes(data);
}

}  // namespace espgate::ike::wire
