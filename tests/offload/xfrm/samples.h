// States and policies for tests.
#pragma once

#include <string_view>

#include "offload/xfrm/xfrm.h"

namespace espgate::offload::xfrm::testing {

// For literals: text that is no address throws, and fails the test.
inline IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();  // NOLINT(bugprone-unchecked-optional-access): meant to throw
}

// "10.1.0.0/24"; a prefix must be one.
Prefix prefix(std::string_view text);

// A key of `size` bytes, each other than the next.
Secret test_key(std::size_t size, std::uint8_t seed = 1);

inline constexpr Suite gcm_128 = {Encryption::aes_gcm_16, 128, Integrity::none};
inline constexpr Suite cbc_sha256 = {Encryption::aes_cbc, 128, Integrity::hmac_sha2_256_128};

// A tunnel-mode SA with keys for its suite.
State make_state(const Suite& suite, std::uint32_t spi, std::string_view source,
                 std::string_view destination);
// With its template to match make_state().
Policy make_policy(PolicyDirection direction, std::string_view source, std::string_view destination,
                   std::string_view outer_source, std::string_view outer_destination, std::uint32_t reqid);

}  // namespace espgate::offload::xfrm::testing
