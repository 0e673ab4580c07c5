// An ESP packet of RFC 4543 that another implementation sent, through the whole software engine.
#include <gtest/gtest.h>

#include "support/harness.h"
#include "support/json.h"

namespace espgate::driver::test {
namespace {

TEST(GmacPacket, OfAnotherImplementationIsDelivered) {
  const nlohmann::json vectors = load_json("esp/gmac_packet.json");
  const auto& c = vectors.at("cases").at(0);
  const Bytes aad = hex(c, "aad");
  const Bytes plaintext = hex(c, "plaintext");
  InboundSa sa = inbound_sa(load_be32(aad));
  sa.cipher = Cipher::null_aes_gmac;
  sa.key = {.key = InlineSecret<32>(hex(c, "key")), .salt = InlineSecret<4>(hex(c, "salt"))};
  Bytes packet = aad;
  for (const char* part : {"iv", "plaintext", "icv"}) {
    const Bytes bytes = hex(c, part);
    packet.insert(packet.end(), bytes.begin(), bytes.end());
  }
  const auto engine = make_software_engine({.outbound_sas = 1, .inbound_sas = 1});
  ASSERT_TRUE(engine);
  ASSERT_TRUE((*engine)->add_inbound(sa));
  const auto verdict_of = [&](const Bytes& esp_packet) {
    return run_one(
        **engine, Direction::inbound, 0,
        ipv4({.protocol = 50, .source = 0x0c000001, .destination = 0xc0000201, .payload = esp_packet}));
  };
  for (std::size_t at = 8; at < packet.size(); ++at) {
    Bytes changed = packet;
    changed[at] ^= 0x20;
    EXPECT_EQ(verdict_of(changed).verdict, Verdict::icv_failed) << at;
  }
  const Outcome outcome = verdict_of(packet);
  EXPECT_EQ(outcome.verdict, Verdict::ok);
  EXPECT_EQ(outcome.output, Bytes(plaintext.begin(), plaintext.begin() + 100));
}

}  // namespace
}  // namespace espgate::driver::test
