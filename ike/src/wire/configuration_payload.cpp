#include "wire/configuration_payload.h"

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::uint16_t attribute_type_mask = 0x7fff;

}  // namespace

Result<> ConfigurationPayload::validate(ByteView body, const Limits& /*limits*/) {
  Reader reader(body);
  reader.skip(4);
  while (reader.ok() && !reader.empty()) {
    reader.skip(2);
    reader.skip(reader.u16());
  }
  if (!reader.ok()) {
    return std::unexpected(Reason::cp_malformed);
  }
  return {};
}

ConfigurationPayload ConfigurationPayload::parse(PayloadType /*type*/, ByteView body) {
  Reader reader(body);
  ConfigurationPayload payload;
  payload.cfg_type = reader.u8();
  reader.skip(3);
  while (!reader.empty()) {
    ConfigurationAttribute& attribute = payload.attributes.emplace_back();
    attribute.type = reader.u16() & attribute_type_mask;
    const ByteView value = reader.take(reader.u16());
    attribute.value.assign(value.begin(), value.end());
  }
  return payload;
}

void ConfigurationPayload::encode(Writer& out) const {
  out.u8(cfg_type);
  out.zeros(3);
  for (const ConfigurationAttribute& attribute : attributes) {
    out.u16(attribute.type);
    out.u16(static_cast<std::uint16_t>(attribute.value.size()));
    out.bytes(attribute.value);
  }
}

}  // namespace espgate::ike::wire
