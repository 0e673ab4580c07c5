// Packets for the GCM core's tests, and the comparison of both directions with OpenSSL.
#pragma once

#include <random>
#include <span>

#include "gcm_reference.h"

namespace espgate::test {

Bytes random_bytes(std::size_t count, std::mt19937_64& rng);

// Of either key size, with any AAD; one in four is GMAC.
GcmPacket random_packet(std::size_t length, std::mt19937_64& rng);

// Encrypts the packets in one core and decrypts the reference's ciphertexts in the other, in one run each.
void expect_like_reference(std::span<const GcmPacket> packets, double bubbles, std::uint64_t seed);

}  // namespace espgate::test
