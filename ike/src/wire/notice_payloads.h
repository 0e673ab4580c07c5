// Notify, Delete and Vendor ID payloads (RFC 7296 sections 3.10 to 3.12).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct NotifyPayload {
  Protocol protocol = Protocol::none;
  Bytes spi{};
  NotifyType notify = NotifyType::invalid_syntax;
  Bytes data{};
  bool operator==(const NotifyPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static NotifyPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::notify; }
};

struct DeletePayload {
  Protocol protocol = Protocol::ike;
  std::uint8_t spi_size = 0;  // 0 for IKE, 4 for ESP and AH
  std::uint16_t count = 0;
  Bytes spis;  // count times spi_size bytes
  bool operator==(const DeletePayload&) const = default;

  static DeletePayload ike_sa() { return {}; }
  static DeletePayload esp(const std::vector<std::uint32_t>& spis);
  static DeletePayload ah(const std::vector<std::uint32_t>& spis);
  // The SPIs of an ESP or AH deletion; empty for IKE.
  std::vector<std::uint32_t> spi_values() const;

  static Result<> validate(ByteView body, const Limits& limits);
  static DeletePayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::delete_sa; }
};

struct VendorIdPayload {
  Bytes data{};
  bool operator==(const VendorIdPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static VendorIdPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::vendor_id; }
};

}  // namespace espgate::ike::wire
