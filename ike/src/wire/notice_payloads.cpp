#include "wire/notice_payloads.h"

#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::uint8_t child_spi_size = 4;

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

DeletePayload of_children(Protocol protocol, const std::vector<std::uint32_t>& spis) {
  Writer writer;
  for (const std::uint32_t spi : spis) {
    writer.u32(spi);
  }
  return {protocol, child_spi_size, static_cast<std::uint16_t>(spis.size()), std::move(writer).finish()};
}

}  // namespace

Result<> NotifyPayload::validate(ByteView body, const Limits& /*limits*/) {
  Reader reader(body);
  reader.skip(1);
  const std::size_t spi_size = reader.u8();
  reader.skip(2 + spi_size);
  if (!reader.ok()) {
    return std::unexpected(Reason::notify_malformed);
  }
  return {};
}

NotifyPayload NotifyPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  NotifyPayload payload;
  payload.protocol = Protocol{reader.u8()};
  const std::size_t spi_size = reader.u8();
  payload.notify = NotifyType{reader.u16()};
  payload.spi = to_bytes(reader.take(spi_size));
  payload.data = to_bytes(reader.take_rest());
  return payload;
}

void NotifyPayload::encode(Writer& out) const {
  out.u8(std::to_underlying(protocol));
  out.u8(static_cast<std::uint8_t>(spi.size()));
  out.u16(std::to_underlying(notify));
  out.bytes(spi);
  out.bytes(data);
}

DeletePayload DeletePayload::esp(const std::vector<std::uint32_t>& spis) {
  return of_children(Protocol::esp, spis);
}
DeletePayload DeletePayload::ah(const std::vector<std::uint32_t>& spis) {
  return of_children(Protocol::ah, spis);
}

std::vector<std::uint32_t> DeletePayload::spi_values() const {
  std::vector<std::uint32_t> values;
  if (spi_size == child_spi_size) {
    Reader reader(spis);
    while (!reader.empty()) {
      values.push_back(reader.u32());
    }
  }
  return values;
}

Result<> DeletePayload::validate(ByteView body, const Limits& /*limits*/) {
  Reader reader(body);
  const Protocol protocol{reader.u8()};
  const std::size_t spi_size = reader.u8();
  const std::size_t count = reader.u16();
  const bool child = protocol == Protocol::esp || protocol == Protocol::ah;
  if (!reader.ok() || reader.remaining() != count * spi_size || (child && spi_size != child_spi_size) ||
      (protocol == Protocol::ike && (spi_size != 0 || count != 0))) {
    return std::unexpected(Reason::delete_malformed);
  }
  return {};
}

DeletePayload DeletePayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  DeletePayload payload;
  payload.protocol = Protocol{reader.u8()};
  payload.spi_size = reader.u8();
  payload.count = reader.u16();
  payload.spis = to_bytes(reader.take_rest());
  return payload;
}

void DeletePayload::encode(Writer& out) const {
  out.u8(std::to_underlying(protocol));
  out.u8(spi_size);
  out.u16(count);
  out.bytes(spis);
}

Result<> VendorIdPayload::validate(ByteView /*body*/, const Limits& /*limits*/) {
  return {};
}

VendorIdPayload VendorIdPayload::parse(PayloadType /*type*/, ByteView body) {
  return VendorIdPayload{to_bytes(body)};
}

void VendorIdPayload::encode(Writer& out) const {
  out.bytes(data);
}

}  // namespace espgate::ike::wire
