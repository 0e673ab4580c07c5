// What stands where in the rows of the SA tables.
#include <gtest/gtest.h>

#include "card/sa_row.h"
#include "gf128.h"
#include "support/harness.h"
#include "support/shadow_fields.h"

namespace espgate::driver::test {
namespace {

namespace r = registers;

TEST(SaRow, Outbound) {
  namespace row = r::outbound_row;
  OutboundSa sa = outbound_sa(0x89abcdef);
  sa.key = {.key = InlineSecret<32>(*from_hex("00112233445566778899aabbccddeeff")),
            .salt = InlineSecret<4>(*from_hex("a1b2c3d4"))};
  sa.esn = true;
  sa.encapsulation = UdpEncapsulation{.source_port = 0x1234, .destination_port = 0x5678};
  sa.df = DfPolicy::clear;
  sa.dscp = 46;
  sa.hop_limit = 77;
  sa.next_sequence = 0x123456789abcdef0;
  sa.lease_limit = 0xfedcba9876543210;
  sa.lease_low = 0xfedcba9876540000;
  sa.cipher = Cipher::null_aes_gmac;
  sa.mode = Mode::transport;
  sa.tfc_bytes = 0x3abc;
  sa.next_hop = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
  sa.lifetime = {.soft_packets = 0x1111111111111111,
                 .soft_bytes = 0x2222222222222222,
                 .hard_packets = 0x3333333333333333,
                 .hard_bytes = 0x4444444444444444};
  const auto packed = card::row_of(sa);
  ASSERT_TRUE(packed);
  const auto words = packed->words();
  EXPECT_EQ(words.size(), (row::bits + 31) / 32);
  EXPECT_EQ(field(words, row::valid), 1U);
  EXPECT_EQ(field(words, row::key_256), 0U);
  EXPECT_EQ(field(words, row::esn), 1U);
  EXPECT_EQ(field(words, row::encapsulation), 1U);
  EXPECT_EQ(field(words, row::df_policy), 2U);
  EXPECT_EQ(field(words, row::dscp_copy), 0U);
  EXPECT_EQ(field(words, row::dscp), 46U);
  EXPECT_EQ(field(words, row::hop_limit), 77U);
  EXPECT_EQ(field(words, row::spi), 0x89abcdefU);
  EXPECT_EQ(field(words, row::salt), 0xa1b2c3d4U);
  EXPECT_EQ(field(words, row::gmac), 1U);
  EXPECT_EQ(field(words, row::transport), 1U);
  EXPECT_EQ(field(words, row::ipv6), 0U);
  EXPECT_EQ(field(words, row::tfc_bytes), 0x3abcU);
  EXPECT_EQ(wide(words, row::next_hop), "021122334455");
  EXPECT_EQ(field(words, row::soft_packets), 0x1111111111111111U);
  EXPECT_EQ(field(words, row::soft_bytes), 0x2222222222222222U);
  EXPECT_EQ(field(words, row::hard_packets), 0x3333333333333333U);
  EXPECT_EQ(field(words, row::hard_bytes), 0x4444444444444444U);
  EXPECT_EQ(wide(words, row::outer_source), std::string(24, '0') + "c0000201");
  EXPECT_EQ(wide(words, row::outer_destination), std::string(24, '0') + "c0000202");
  EXPECT_EQ(field(words, row::udp_source), 0x1234U);
  EXPECT_EQ(field(words, row::udp_destination), 0x5678U);
  EXPECT_EQ(field(words, row::next_sequence), sa.next_sequence);
  EXPECT_EQ(field(words, row::lease_limit), sa.lease_limit);
  EXPECT_EQ(field(words, row::lease_low), sa.lease_low);
  EXPECT_EQ(wide(words, row::key), "00112233445566778899aabbccddeeff" + std::string(32, '0'));
  const auto powers = HashPowers::of_key(sa.key.key.view());
  ASSERT_TRUE(powers);
  EXPECT_EQ(wide(words, row::h_1), to_hex(powers->h_1.block()));
  EXPECT_EQ(wide(words, row::h_20), to_hex(powers->h_20.block()));
  EXPECT_EQ(wide(words, row::h_m2), to_hex(powers->h_m2.block()));
}

TEST(SaRow, Inbound) {
  namespace row = r::inbound_row;
  InboundSa sa = inbound_sa(0x1234);
  sa.selectors.source = *IpRange::parse("10.0.0.1-10.0.0.9");
  sa.selectors.destination = *IpRange::parse("10.2.0.0/16");
  sa.selectors.protocol = 6;
  sa.selectors.source_port_first = 1;
  sa.selectors.source_port_last = 2;
  sa.selectors.destination_port_first = 3;
  sa.selectors.destination_port_last = 4;
  sa.replay_top = 99;
  sa.replay_window = 2048;
  sa.next_hop = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
  const auto packed = card::row_of(sa);
  ASSERT_TRUE(packed);
  const auto words = packed->words();
  EXPECT_EQ(words.size(), (row::bits + 31) / 32);
  EXPECT_EQ(field(words, row::valid), 1U);
  EXPECT_EQ(field(words, row::key_256), 1U);
  EXPECT_EQ(field(words, row::esn), 0U);
  EXPECT_EQ(field(words, row::encapsulation), 0U);
  EXPECT_EQ(field(words, row::replay_check), 1U);
  EXPECT_EQ(field(words, row::protocol_any), 0U);
  EXPECT_EQ(field(words, row::protocol), 6U);
  EXPECT_EQ(wide(words, row::source_first), std::string(24, '0') + "0a000001");
  EXPECT_EQ(wide(words, row::source_last), std::string(24, '0') + "0a000009");
  EXPECT_EQ(wide(words, row::destination_first), std::string(24, '0') + "0a020000");
  EXPECT_EQ(wide(words, row::destination_last), std::string(24, '0') + "0a02ffff");
  EXPECT_EQ(field(words, row::source_port_first), 1U);
  EXPECT_EQ(field(words, row::source_port_last), 2U);
  EXPECT_EQ(field(words, row::destination_port_first), 3U);
  EXPECT_EQ(field(words, row::destination_port_last), 4U);
  EXPECT_EQ(field(words, row::gmac), 0U);
  EXPECT_EQ(field(words, row::transport), 0U);
  EXPECT_EQ(field(words, row::ipv6), 0U);
  EXPECT_EQ(field(words, row::selector_ipv6), 0U);
  EXPECT_EQ(field(words, row::replay_window), 2048U);
  EXPECT_EQ(wide(words, row::next_hop), "02aabbccddee");
  EXPECT_EQ(wide(words, row::outer_destination), std::string(24, '0') + "c0000201");
  EXPECT_EQ(field(words, row::soft_packets), UINT64_MAX) << "no limit";
  EXPECT_EQ(field(words, row::hard_bytes), UINT64_MAX);
  EXPECT_EQ(field(words, row::replay_top), 99U);
  EXPECT_EQ(wide(words, row::key), to_hex(sa.key.key.view()));
}

TEST(SaRow, Ipv6) {
  OutboundSa out = outbound_sa6();
  const auto outbound = card::row_of(out);
  InboundSa in = inbound_sa6();
  in.selectors.source = *IpRange::parse("2001:db8:1::/48");
  in.selectors.destination = *IpRange::parse("2001:db8:2::1-2001:db8:2::ffff");
  const auto inbound = card::row_of(in);
  ASSERT_TRUE(outbound && inbound);
  EXPECT_EQ(field(outbound->words(), r::outbound_row::ipv6), 1U);
  EXPECT_EQ(wide(outbound->words(), r::outbound_row::outer_source), "20010db8000000000000000000000001");
  EXPECT_EQ(wide(outbound->words(), r::outbound_row::outer_destination), "20010db8000000000000000000000002");
  EXPECT_EQ(field(inbound->words(), r::inbound_row::ipv6), 1U);
  EXPECT_EQ(field(inbound->words(), r::inbound_row::selector_ipv6), 1U);
  EXPECT_EQ(wide(inbound->words(), r::inbound_row::outer_destination), "20010db8000000000000000000000001");
  EXPECT_EQ(wide(inbound->words(), r::inbound_row::source_first), "20010db8000100000000000000000000");
  EXPECT_EQ(wide(inbound->words(), r::inbound_row::source_last), "20010db80001ffffffffffffffffffff");
  EXPECT_EQ(wide(inbound->words(), r::inbound_row::destination_first), "20010db8000200000000000000000001");
  EXPECT_EQ(wide(inbound->words(), r::inbound_row::destination_last), "20010db800020000000000000000ffff");
  // The families are apart: IPv4 inside IPv6.
  in.selectors.source = IpRange::whole(IpFamily::v4);
  in.selectors.destination = IpRange::whole(IpFamily::v4);
  const auto mixed = card::row_of(in);
  ASSERT_TRUE(mixed);
  EXPECT_EQ(field(mixed->words(), r::inbound_row::ipv6), 1U);
  EXPECT_EQ(field(mixed->words(), r::inbound_row::selector_ipv6), 0U);
}

TEST(SaRow, ALeaseAlone) {
  const card::Shadow row = card::row_of_lease(0x300000, 0x2fffff);
  EXPECT_EQ(field(row.words(), r::outbound_row::lease_limit), 0x300000U);
  EXPECT_EQ(field(row.words(), r::outbound_row::lease_low), 0x2fffffU);
  EXPECT_EQ(field(row.words(), r::outbound_row::valid), 0U);
}

}  // namespace
}  // namespace espgate::driver::test
