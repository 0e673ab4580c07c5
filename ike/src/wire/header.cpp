#include "wire/header.h"

#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::uint8_t flag_initiator = 0x08;
constexpr std::uint8_t flag_version = 0x10;
constexpr std::uint8_t flag_response = 0x20;
constexpr std::size_t length_offset = 24;

}  // namespace

Result<> Header::validate(ByteView message, const Limits& limits) {
  if (message.size() > limits.max_message_bytes) {
    return std::unexpected(Reason::message_too_long);
  }
  Reader reader(message);
  reader.skip(length_offset);
  const std::uint32_t length = reader.u32();
  if (!reader.ok() || length != message.size()) {
    return std::unexpected(Reason::header_malformed);
  }
  return {};
}

Header Header::parse(ByteView message) {
  Reader reader(message);
  Header header;
  header.initiator_spi = reader.u64();
  header.responder_spi = reader.u64();
  header.first_payload = PayloadType{reader.u8()};
  const std::uint8_t version = reader.u8();
  header.major_version = version >> 4;
  header.minor_version = version & 0x0f;
  header.exchange = ExchangeType{reader.u8()};
  const std::uint8_t flags = reader.u8();
  header.from_initiator = (flags & flag_initiator) != 0;
  header.version_flag = (flags & flag_version) != 0;
  header.response = (flags & flag_response) != 0;
  header.message_id = reader.u32();
  return header;
}

void Header::encode(Writer& out, std::size_t message_length) const {
  out.u64(initiator_spi);
  out.u64(responder_spi);
  out.u8(std::to_underlying(first_payload));
  out.u8(static_cast<std::uint8_t>((major_version << 4) | (minor_version & 0x0f)));
  out.u8(std::to_underlying(exchange));
  out.u8(static_cast<std::uint8_t>((from_initiator ? flag_initiator : 0) | (version_flag ? flag_version : 0) |
                                   (response ? flag_response : 0)));
  out.u32(message_id);
  out.u32(static_cast<std::uint32_t>(message_length));
}

}  // namespace espgate::ike::wire
