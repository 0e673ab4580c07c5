// The IKE header (RFC 7296 section 3.1).
#pragma once

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

constexpr std::size_t header_size = 28;

struct Header {
  std::uint64_t initiator_spi = 0;
  std::uint64_t responder_spi = 0;
  PayloadType first_payload = PayloadType::none;
  std::uint8_t major_version = 2;
  std::uint8_t minor_version = 0;
  ExchangeType exchange = ExchangeType::ike_sa_init;
  // The sender is the original initiator of the IKE SA.
  bool from_initiator = false;
  bool version_flag = false;
  bool response = false;
  std::uint32_t message_id = 0;
  bool operator==(const Header&) const = default;

  // Sizes only: the version and the exchange type are for the caller to judge.
  static Result<> validate(ByteView message, const Limits& limits);
  // After validate().
  static Header parse(ByteView message);
  // Ends with a length field of `message_length`, in bytes.
  void encode(Writer& out, std::size_t message_length) const;
};

}  // namespace espgate::ike::wire
