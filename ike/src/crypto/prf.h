// Pseudo-random functions and hashes (RFC 7296 sections 2.13 and 2.23, RFC 4868,
// RFC 4615).
#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"
#include "ike/config.h"

namespace espgate::ike {

// prf(key, parts joined).
Secret prf(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts);
// prf+(key, parts joined), RFC 7296 section 2.13: `size` bytes, at most 255 outputs of the PRF.
Secret prf_plus(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts, std::size_t size);
// The full HMAC or CMAC behind an integrity algorithm, cut to its ICV size.
Bytes integrity_icv(Integrity algorithm, ByteView key, ByteView data);

std::array<std::uint8_t, 20> sha1(ByteView data);
std::array<std::uint8_t, 32> sha256(ByteView data);

}  // namespace espgate::ike
