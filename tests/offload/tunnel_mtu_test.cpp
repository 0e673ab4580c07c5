#include <gtest/gtest.h>

#include "driver/engine.h"
#include "offload/data_path.h"

namespace espgate::offload {
namespace {

// The sizes that the engine gives its packets, added up the other way round.
std::uint32_t outer_length(std::uint32_t inner, bool udp) {
  const std::uint32_t ciphertext = (inner + 2 + 3) / 4 * 4;
  return 20 + (udp ? 8 : 0) + 8 + 8 + ciphertext + 16;
}

TEST(TunnelMtu, OfEthernet) {
  EXPECT_EQ(tunnel_mtu(1500, false), 1446U);
  EXPECT_EQ(tunnel_mtu(1500, true), 1438U);
  EXPECT_EQ(tunnel_mtu(9000, false), 8946U);
}

TEST(TunnelMtu, IsTheLargestThatFits) {
  for (const bool udp : {false, true}) {
    for (std::uint32_t mtu = 576; mtu < 9200; ++mtu) {
      const std::uint32_t inner = tunnel_mtu(mtu, udp);
      EXPECT_LE(outer_length(inner, udp), mtu);
      EXPECT_GT(outer_length(inner + 1, udp), mtu);
      EXPECT_LE(outer_length(inner, udp), inner + driver::max_expansion);
    }
  }
}

TEST(TunnelMtu, IsZeroWhereNothingFits) {
  EXPECT_EQ(tunnel_mtu(0, false), 0U);
  EXPECT_EQ(tunnel_mtu(55, false), 0U);
  EXPECT_EQ(tunnel_mtu(56, false), 2U);
  EXPECT_EQ(tunnel_mtu(63, true), 0U);
}

}  // namespace
}  // namespace espgate::offload
