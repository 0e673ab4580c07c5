// SA files of three kinds: what they give, and what they are refused for.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "replay/sa_reader.h"
#include "replay/sa_set.h"
#include "temp_dir.h"

namespace espgate::host::replay {
namespace {

using driver::Direction;
using driver::Mode;

const std::string key_20 = "0102030405060708090a0b0c0d0e0f10aabbccdd";
const std::string key_36 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "deadbeef";

SaList good(const Expected<SaList>& list) {
  EXPECT_TRUE(list) << list.error().message;
  return list.value_or(SaList{});
}
std::string error_of(const Expected<SaList>& list) {
  EXPECT_FALSE(list);
  return list ? "" : list.error().message;
}
#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

std::string state(const std::string& more = "", const std::string& mode = "tunnel") {
  return "src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x0000abcd reqid 1 mode " + mode +
         "\n\treplay-window 32 flag nopmtudisc\n\taead rfc4106(gcm(aes)) 0x" + key_20 + " 128\n" + more;
}

TEST(XfrmState, AnSaWithEverything) {
  const SaList list = good(read_xfrm_state(
      "src 2001:db8::1 dst 2001:db8::2\n"
      "\tproto esp spi 0xc0000001(3221225473) reqid 16385(0x00004001) mode transport\n"
      "\treplay-window 0 seq 0x00000000 flag esn\n"
      "\tmark 0x2a/0xffffffff \n"
      "\taead rfc4543(gcm(aes)) 0x" +
      key_36 +
      " 128\n"
      "\tencap type espinudp sport 4501 dport 4502 addr ::\n"
      "\tlifetime config:\n"
      "\t  limit: soft (INF)(bytes), hard (INF)(bytes)\n"
      "\tanti-replay esn context:\n"
      "\t seq-hi 0x2, seq 0x10, oseq-hi 0x5, oseq 0x7\n"
      "\t replay_window 1024, bitmap-length 32\n"
      "\t 00000000 00000000\n"
      "\tsel src 2001:db8:1::/64 dst 2001:db8:2::/64 proto tcp sport 80 dport 443 dev eth0\n"));
  ASSERT_EQ(list.sas.size(), 1U);
  const SaDescription& sa = list.sas[0];
  EXPECT_EQ(sa.spi, 0xc0000001U);
  EXPECT_EQ(sa.cipher, driver::Cipher::null_aes_gmac);
  EXPECT_EQ(to_hex(sa.key.key.view()) + to_hex(sa.key.salt.view()), key_36);
  EXPECT_EQ(sa.mode, Mode::transport);
  EXPECT_TRUE(sa.esn);
  EXPECT_EQ(sa.source->to_string(), "2001:db8::1");
  EXPECT_EQ(sa.destination->to_string(), "2001:db8::2");
  EXPECT_EQ(sa.encapsulation, (driver::UdpEncapsulation{4501, 4502}));
  EXPECT_TRUE(sa.replay_check);
  EXPECT_EQ(sa.replay_window, 1024);
  EXPECT_EQ(sa.replay_top, 0x200000000U) << "the high half alone: the capture may be older than the state";
  EXPECT_EQ(sa.next_sequence, 0x500000008U);
  ASSERT_TRUE(sa.selectors);
  EXPECT_EQ(sa.selectors->source.to_string(), "2001:db8:1::/64");
  EXPECT_EQ(sa.selectors->destination.to_string(), "2001:db8:2::/64");
  EXPECT_EQ(sa.selectors->protocol, 6);
  EXPECT_EQ(sa.selectors->source_port_first, 80);
  EXPECT_EQ(sa.selectors->source_port_last, 80);
  EXPECT_EQ(sa.selectors->destination_port_last, 443);
}

TEST(XfrmState, TheUsualAndTheShort) {
  const SaList list = good(read_xfrm_state(state("\tanti-replay context: seq 0x9, oseq 0x3, bitmap 0x1\n") +
                                           state("\treplay-window 0\n", "beet") + state()));
  ASSERT_EQ(list.sas.size(), 2U);
  EXPECT_EQ(list.sas[0].next_sequence, 4U);
  EXPECT_EQ(list.sas[0].replay_top, 0U);
  EXPECT_EQ(list.sas[0].df, driver::DfPolicy::clear);
  EXPECT_EQ(list.sas[0].replay_window, 32);
  EXPECT_FALSE(list.sas[0].encapsulation);
  ASSERT_EQ(list.skipped.size(), 1U);
  EXPECT_SAYS(list.skipped[0], "beet");
  const SaList unchecked = good(read_xfrm_state(state("\treplay-window 0\n")));
  EXPECT_FALSE(unchecked.sas.at(0).replay_check);
}

TEST(XfrmState, WhatNoEngineHasIsPassedOverWithTheReason) {
  const std::string head = "src 192.0.2.1 dst 192.0.2.2\n\tproto ";
  const SaList list =
      good(read_xfrm_state(head + "ah spi 0x1 reqid 1 mode tunnel\n" + head +
                           "esp spi 0x2 reqid 1 mode tunnel\n\tenc cbc(aes) 0x00\n" + head +
                           "esp spi 0x3 reqid 1 mode tunnel\n\taead rfc4106(gcm(aes)) 0x" + key_20 + " 96\n" +
                           head + "esp spi 0x4 reqid 1 mode tunnel\n\taead rfc7539esp(chacha20,poly1305) 0x" +
                           key_36 + " 128\n" + head + "esp spi 0x5 reqid 1 mode tunnel\n" + head +
                           "esp spi 0x6 reqid 1 mode tunnel\n\taead rfc4106(gcm(aes)) 0x" + key_20 +
                           " 128\n\tencap type espintcp sport 1 dport 2 addr 0.0.0.0\n"));
  EXPECT_TRUE(list.sas.empty());
  ASSERT_EQ(list.skipped.size(), 6U);
  const std::array words{"not ESP", "enc cbc", "96 bits", "chacha20", "no key", "espintcp"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_SAYS(list.skipped[i], words.at(i));
    EXPECT_SAYS(list.skipped[i], "0x0000000" + std::to_string(i + 1));
  }
}

TEST(XfrmState, RefusesWithTheLine) {
  const std::string head = "src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x1 reqid 1 mode tunnel\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\tproto esp spi 0x1\n", "line 1: there is no SA"},
      {"src 192.0.2.1 dst nowhere\n", "line 1: an SA begins with"},
      {"src 192.0.2.1 dst 192.0.2.2\n", "line 1: the SA has no line 'proto"},
      {"src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x100000000\n", "line 2: '0x100000000' is no SPI"},
      {head + "\taead rfc4106(gcm(aes)) <<Keys hidden>> 128\n", "line 3: the key is hidden"},
      {head + "\taead rfc4106(gcm(aes)) 0x0011 128\n", "20 or 36 bytes"},
      {head + "\treplay-window many\n", "line 3: 'many' is no replay window"},
      {head + "\tanti-replay context: seq 0x1ffffffff, oseq 0x0\n", "is no sequence number"},
      {head + "\tencap type espinudp sport 65536 dport 1\n", "'65536' is no port"},
      {head + "\tsel src 10.0.0.0/8 dst ::/0\n", "two families"},
      {head + "\tsel src 10.0.0.0/33 dst 10.0.0.0/8\n", "no range"},
      {head + "\tsel src 10.0.0.0/8 dst 10.0.0.0/8 proto nonsense\n", "protocol 'nonsense'"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_SAYS(error_of(read_xfrm_state(text)), words);
  }
}

std::string row(const std::string& encryption = "AES-GCM with 16 octet ICV [RFC4106]",
                const std::string& rest = "\"NULL\",\"\"", const std::string& destination = "*") {
  return "\"IPv4\",\"192.0.2.1\",\"" + destination + "\",\"0x00001001\",\"" + encryption + "\",\"0x" +
         key_20 + "\"," + rest + "\n";
}

TEST(EspSa, OldAndNewTables) {
  const SaList list = good(read_esp_sa(
      "# a comment\n\n" + row() +
          row("AES-GCM [RFC4106]", "\"ANY 128 bit authentication [no checking]\",\"\"", "192.0.2.2") +
          row("AES-GCM with 16 octet ICV [RFC4106]", R"("NULL","","64-bit","0x00000007")") +
          row("AES-CBC [RFC3602]"),
      {.esn = false, .mode = Mode::transport}));
  ASSERT_EQ(list.sas.size(), 3U);
  EXPECT_FALSE(list.sas[0].destination);
  EXPECT_FALSE(list.sas[0].encapsulation_known);
  EXPECT_EQ(list.sas[0].mode, Mode::transport);
  EXPECT_FALSE(list.sas[0].esn);
  EXPECT_EQ(list.sas[1].destination->to_string(), "192.0.2.2");
  EXPECT_TRUE(list.sas[2].esn);
  EXPECT_EQ(list.sas[2].replay_top, 0x700000000U);
  ASSERT_EQ(list.skipped.size(), 1U);
  EXPECT_SAYS(list.skipped[0], "AES-CBC");
}

TEST(EspSa, RefusesWithTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\"IPv4\",\"192.0.2.1\"\n", "line 1: not 8 or 10 fields"},
      {"\"IPv4\n", "line 1: not 8 or 10 fields"},
      {row() + "IPv4,*,*,0x1,x,y,z,\n", "line 2: not 8 or 10"},
      {"\"IPX\",\"*\",\"*\",\"0x1\",\"\",\"\",\"\",\"\"\n", "'IPX'"},
      {"\"IPv4\",\"::1\",\"*\",\"0x1\",\"\",\"\",\"\",\"\"\n", "must be IPv4 addresses"},
      {"\"IPv4\",\"*\",\"*\",\"0x1*\",\"\",\"\",\"\",\"\"\n", "'0x1*' is no SPI"},
      {row("AES-GCM with 16 octet ICV [RFC4106]", R"("NULL","","63-bit","0")"), "'63-bit'"},
      {"\"IPv4\",\"*\",\"*\",\"1\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x00\",\"\",\"\"\n", "20 or 36"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_SAYS(error_of(read_esp_sa(text, {})), words);
  }
}

std::string json(const std::string& more) {
  return R"({"sas": [{"spi": 4097, "key": ")" + key_20 + "\"" + (more.empty() ? "" : ", ") + more + "}]}";
}

TEST(SaJson, AnSaWithEverything) {
  const SaDescription sa = good(read_sa_json(json(R"("direction": "inbound", "source": "192.0.2.1",
      "destination": "192.0.2.2", "cipher": "null_aes_gmac", "mode": "transport", "esn": true,
      "udp_encapsulation": {"source_port": 4501}, "df": "set", "dscp": 46, "hop_limit": 3, "tfc_bytes": 1400,
      "next_sequence": "0xffffffffffffffff", "replay_check": false, "replay_window": 128, "replay_top": 9,
      "selectors": {"source": "10.0.0.0/8", "destination": "10.1.0.1-10.1.0.9", "protocol": 17,
                    "source_ports": "opaque", "destination_ports": "80-90"})")))
                               .sas.at(0);
  EXPECT_EQ(sa.direction, Direction::inbound);
  EXPECT_EQ(sa.cipher, driver::Cipher::null_aes_gmac);
  EXPECT_EQ(sa.encapsulation, (driver::UdpEncapsulation{4501, 4500}));
  EXPECT_EQ(sa.df, driver::DfPolicy::set);
  EXPECT_EQ(sa.dscp, 46);
  EXPECT_EQ(sa.hop_limit, 3);
  EXPECT_EQ(sa.tfc_bytes, 1400);
  EXPECT_EQ(sa.next_sequence, UINT64_MAX);
  EXPECT_FALSE(sa.replay_check);
  EXPECT_EQ(sa.replay_top, 9U);
  ASSERT_TRUE(sa.selectors);
  EXPECT_EQ(sa.selectors->destination.to_string(), "10.1.0.1-10.1.0.9");
  EXPECT_GT(sa.selectors->source_port_first, sa.selectors->source_port_last);
  EXPECT_EQ(sa.selectors->destination_port_last, 90);
}

TEST(SaJson, Refuses) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{", "not JSON"},
      {"[]", "is not {"},
      {R"({"sas": [], "more": 1})", "is not {"},
      {R"({"sas": [7]})", "SA 1 of the list: not an object"},
      {R"({"sas": [{"spi": 1}]})", "'key' is missing"},
      {R"({"sas": [{"key": ")" + key_20 + "\"}]}", "'spi' is missing"},
      {json(R"("kee": 1)"), "'kee' is no key"},
      {json(R"("source": "here")"), "'here' is no IP address"},
      {json(R"("cipher": "des")"), "'des' is not known"},
      {json(R"("esn": 1)"), "neither true nor false"},
      {json(R"("dscp": 64)"), "from 0 to 63"},
      {json(R"("mode": 4)"), "no string"},
      {json(R"("selectors": [])"), "no object"},
      {json(R"("selectors": {"x": 1})"), "selectors: 'x' is no key"},
      {json(R"("selectors": {"source_ports": "9-1"})"), "'9-1' is no port"},
      {json(R"("udp_encapsulation": {"source_port": -1})"), "udp_encapsulation: "},
      {R"({"sas": [{"spi": 1, "key": "00"}]})", "20 or 36 bytes"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_SAYS(error_of(read_sa_json(text)), words);
  }
}

TEST(SaFile, TellsTheKindsApart) {
  EXPECT_EQ(good(read_sas(state(), {})).sas.at(0).spi, 0xabcdU);
  EXPECT_EQ(good(read_sas(row(), {.esn = true})).sas.at(0).esn, true);
  EXPECT_EQ(good(read_sas(" \n" + json(""), {})).sas.at(0).spi, 4097U);
  EXPECT_SAYS(error_of(read_sas("", {})), "neither");
  EXPECT_SAYS(error_of(read_sas("conn {", {})), "neither");
}

TEST(SaFile, KeysThatEverybodyMayReadAreRefused) {
  const TempDir folder;
  EXPECT_TRUE(load_sas(folder.write("mine", state(), 0600), {}));
  EXPECT_TRUE(load_sas(folder.write("group", state(), 0640), {}));
  EXPECT_SAYS(error_of(load_sas(folder.write("all", state(), 0644), {})), "chmod 600");
  EXPECT_SAYS(error_of(load_sas(folder.path("none"), {})), "cannot open");
  EXPECT_SAYS(error_of(load_sas(folder.write("empty", R"({"sas": []})"), {})), "no SA in it");
}

TEST(SaDescription, SaysWhatAWildcardLacks) {
  const SaDescription sa = good(read_esp_sa(row(), {})).sas.at(0);
  EXPECT_SAYS(to_outbound(sa).error().message, "as destination");
  EXPECT_SAYS(to_inbound(sa).error().message, "its destination is '*'");
}

Bytes ipv4(std::uint8_t protocol, const std::string& payload_hex, std::uint16_t fragment = 0) {
  Bytes packet = from_hex("4500001c0000000040000000c0000201c0000202").value();
  store_be16(packet, 6, fragment);
  packet[9] = protocol;
  const Bytes payload = from_hex(payload_hex).value();
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

TEST(SaDescription, CarriesWhatFitsItsSelectors) {
  SaDescription sa = good(read_sa_json(json(R"("source": "192.0.2.1", "destination": "192.0.2.2",
      "selectors": {"source": "192.0.2.0/24", "destination": "192.0.2.0/24", "protocol": 17,
                    "destination_ports": "5000-5001"})")))
                         .sas.at(0);
  const std::string to_5001 = "03e813890008000000000000";
  EXPECT_TRUE(carries(sa, ipv4(17, to_5001)));
  EXPECT_FALSE(carries(sa, ipv4(6, to_5001))) << "another protocol";
  EXPECT_FALSE(carries(sa, ipv4(17, "03e8138a00080000"))) << "another port";
  EXPECT_FALSE(carries(sa, ipv4(17, to_5001, 0x2000))) << "a fragment shows no ports";
  EXPECT_FALSE(carries(sa, ipv4(17, "03"))) << "no ports within the packet";
  EXPECT_FALSE(carries(sa, {}));
  sa.selectors->destination = *IpRange::parse("192.0.3.0/24");
  EXPECT_FALSE(carries(sa, ipv4(17, to_5001))) << "another destination";
  sa.selectors.reset();
  EXPECT_TRUE(carries(sa, ipv4(6, "")));
  sa.mode = Mode::transport;
  EXPECT_TRUE(carries(sa, ipv4(6, "")));
  sa.source = IpAddress::parse("192.0.2.9");
  EXPECT_FALSE(carries(sa, ipv4(6, ""))) << "transport mode keeps its addresses";
}

TEST(EspLabel, FindsTheSpi) {
  EXPECT_EQ(esp_label(ipv4(50, "0000100100000001"))->spi, 0x1001U);
  EXPECT_FALSE(esp_label(ipv4(50, "0000100100000001"))->encapsulated);
  const auto encapsulated = esp_label(ipv4(17, "119411940010000000001001"));
  ASSERT_TRUE(encapsulated);
  EXPECT_TRUE(encapsulated->encapsulated);
  EXPECT_EQ(encapsulated->destination.to_string(), "192.0.2.2");
  EXPECT_FALSE(esp_label(ipv4(17, "119411940010000000000000"))) << "IKE";
  EXPECT_FALSE(esp_label(ipv4(17, "119403e80010000000001001"))) << "another port";
  EXPECT_FALSE(esp_label(ipv4(50, "0000")));
  EXPECT_FALSE(esp_label(ipv4(6, "0000100100000001")));
  EXPECT_FALSE(esp_label({}));
  const Bytes ipv6 = from_hex(
                         "60000000000832400000000000000000000000000000000120010db8000000000000000000000002"
                         "0000100200000001")
                         .value();
  ASSERT_TRUE(esp_label(ipv6));
  EXPECT_EQ(esp_label(ipv6)->spi, 0x1002U);
  EXPECT_EQ(esp_label(ipv6)->destination.to_string(), "2001:db8::2");
}

}  // namespace
}  // namespace espgate::host::replay
