// Identification, Authentication, Certificate and Certificate Request payloads (RFC 7296 sections 3.5
// to 3.8).
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/writer.h"
#include "reason.h"
#include "wire/names.h"

namespace espgate::ike::wire {

struct IdPayload {
  PayloadType which = PayloadType::id_initiator;
  std::uint8_t id_type = 0;
  // Zero when we send it; kept because AUTH covers it as it was received (RFC 7296 section 2.15).
  std::array<std::uint8_t, 3> reserved{};
  Bytes data;
  bool operator==(const IdPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static IdPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return which; }
};

struct AuthPayload {
  AuthMethod method = AuthMethod::shared_key;
  Bytes data;
  bool operator==(const AuthPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static AuthPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::authentication; }
};

struct CertPayload {
  std::uint8_t encoding = 0;
  Bytes data;
  bool operator==(const CertPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static CertPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::certificate; }
};

struct CertRequestPayload {
  std::uint8_t encoding = 0;
  Bytes authorities;
  bool operator==(const CertRequestPayload&) const = default;

  static Result<> validate(ByteView body, const Limits& limits);
  static CertRequestPayload parse(PayloadType type, ByteView body);
  void encode(Writer& out) const;
  PayloadType type() const { return PayloadType::certificate_request; }
};

}  // namespace espgate::ike::wire
