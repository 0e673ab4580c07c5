#include "gcm_packets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/hex.h"
#include "gcm_bench.h"

namespace espgate::test {

Bytes random_bytes(std::size_t count, std::mt19937_64& rng) {
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(rng()); });
  return bytes;
}

GcmPacket random_packet(std::size_t length, std::mt19937_64& rng) {
  const bool gmac = rng() % 4 == 0;
  return {.key = random_bytes((rng() & 1) != 0 ? 32 : 16, rng),
          .nonce = random_bytes(12, rng),
          .aad = random_bytes(gmac ? 16 : rng() % 17, rng),
          .text = random_bytes(length, rng),
          .gmac = gmac};
}

void expect_like_reference(std::span<const GcmPacket> packets, double bubbles, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<GcmResult> expected;
  std::vector<GcmPacket> sealed;
  for (const GcmPacket& packet : packets) {
    expected.push_back(gcm_encrypt(packet));
    sealed.push_back(packet);
    sealed.back().text = expected.back().text;
  }
  const auto encrypted = GcmBench::make(GcmDirection::encrypt)->run(packets, bubbles, rng);
  const auto decrypted = GcmBench::make(GcmDirection::decrypt)->run(sealed, bubbles, rng);
  ASSERT_EQ(encrypted.size(), packets.size());
  ASSERT_EQ(decrypted.size(), packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "packet " << i << " of " << packets[i].text.size()
                                    << (packets[i].gmac ? " bytes, GMAC" : " bytes, GCM"));
    ASSERT_EQ(to_hex(encrypted[i].text), to_hex(expected[i].text));
    ASSERT_EQ(to_hex(encrypted[i].tag), to_hex(expected[i].tag));
    ASSERT_EQ(to_hex(decrypted[i].text), to_hex(packets[i].text));
    ASSERT_EQ(to_hex(decrypted[i].tag), to_hex(expected[i].tag));
  }
}

}  // namespace espgate::test
