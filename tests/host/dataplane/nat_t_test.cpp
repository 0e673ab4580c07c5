#include "dataplane/nat_t.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/checksum.h"
#include "base/hex.h"

namespace espgate::host::dataplane {
namespace {

NatTKind kind_of(std::string_view hex) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): text that is no hex throws, and fails the test
  return classify_nat_t(from_hex(hex).value());
}

TEST(NatT, KeepAliveIsExactlyOneByte) {
  EXPECT_EQ(kind_of("ff"), NatTKind::keep_alive);
  EXPECT_EQ(kind_of("00"), NatTKind::malformed);
  EXPECT_EQ(kind_of("ffff"), NatTKind::malformed);
  EXPECT_EQ(kind_of("ffffffff"), NatTKind::esp);
}

TEST(NatT, TooShortForAnSpiIsMalformed) {
  EXPECT_EQ(kind_of(""), NatTKind::malformed);
  EXPECT_EQ(kind_of("000000"), NatTKind::malformed);
  EXPECT_EQ(kind_of("010203"), NatTKind::malformed);
}

TEST(NatT, FourZeroBytesMarkIke) {
  EXPECT_EQ(kind_of("00000000"), NatTKind::ike);
  EXPECT_EQ(kind_of("00000000ff"), NatTKind::ike);
  EXPECT_EQ(kind_of("00000100"), NatTKind::esp);
  EXPECT_EQ(kind_of("0000000100000001"), NatTKind::esp);
}

constexpr UdpFlow flow{.source = IpAddress::v4(0xc0000202),
                       .destination = IpAddress::v4(0xc0000201),
                       .source_port = 4501,
                       .destination_port = 4500,
                       .tos = 0xb9,
                       .ttl = 63};

TEST(NatT, HeaderIsTheWireFormat) {
  Bytes header(ipv4_udp_header_bytes, 0xaa);
  write_ipv4_udp_header(header, flow, 72);
  // By hand, after RFC 791 section 3.1 and RFC 768; the checksum is checked below.
  EXPECT_EQ(to_hex(ByteView(header).first(10)), "45b90064000000003f11");
  EXPECT_EQ(to_hex(ByteView(header).subspan(12)),
            "c0000202c0000201119511940050"
            "0000");
  EXPECT_EQ(internet_checksum(ByteView(header).first(20)), 0);
  EXPECT_NE(load_be16(header, 10), 0);
}

TEST(NatT, HeaderOfTheLongestPayload) {
  Bytes header(ipv4_udp_header_bytes);
  write_ipv4_udp_header(header, flow, max_udp_payload_bytes);
  EXPECT_EQ(load_be16(header, 2), 65535);
  EXPECT_EQ(load_be16(header, 24), 65515);
  EXPECT_EQ(internet_checksum(ByteView(header).first(20)), 0);
}

TEST(NatT, HeaderOfAnEmptyPayload) {
  Bytes header(ipv4_udp_header_bytes);
  write_ipv4_udp_header(header, flow, 0);
  EXPECT_EQ(load_be16(header, 2), 28);
  EXPECT_EQ(load_be16(header, 24), 8);
}

}  // namespace
}  // namespace espgate::host::dataplane
