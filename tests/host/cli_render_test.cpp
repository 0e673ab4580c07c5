#include <gtest/gtest.h>

#include "cli/render.h"

namespace espgate::host::cli {
namespace {

using vici::Message;

Message sa_event() {
  Message event;
  Message& ike = event.section("site");
  ike.set("uniqueid", "7").set("version", "2").set("state", "ESTABLISHED");
  ike.set("local-host", "192.0.2.1").set("local-port", "500").set("local-id", "a.example");
  ike.set("remote-host", "192.0.2.2").set("remote-port", "4500").set("remote-id", "b.example");
  ike.set("initiator", "yes")
      .set("initiator-spi", "0011223344556677")
      .set("responder-spi", "8899aabbccddeeff");
  ike.set("nat-remote", "yes");
  ike.set("encr-alg", "AES_GCM_16").set("encr-keysize", "256");
  ike.set("prf-alg", "PRF_HMAC_SHA2_256").set("dh-group", "CURVE_25519").set("established", "12");
  Message& child = ike.section("child-sas").section("net-3");
  child.set("name", "net")
      .set("uniqueid", "3")
      .set("reqid", "1")
      .set("state", "INSTALLED")
      .set("mode", "TUNNEL");
  child.set("protocol", "ESP").set("encap", "yes").set("spi-in", "c0000001").set("spi-out", "c0000002");
  child.set("encr-alg", "AES_GCM_16").set("encr-keysize", "256").set("esn", "1");
  child.set("bytes-in", "84").set("packets-in", "1").set("bytes-out", "168").set("packets-out", "2");
  child.set("install-time", "11").set("offload", "engine simulated");
  child.set_list("local-ts", {"10.1.0.0/24"}).set_list("remote-ts", {"10.2.0.0/24", "10.3.0.0/24"});
  return event;
}

Message connecting_event() {
  Message event;
  Message& ike = event.section("other");
  ike.set("uniqueid", "8").set("version", "2").set("state", "CONNECTING");
  ike.set("local-host", "192.0.2.1").set("local-port", "500").set("local-id", "%any");
  ike.set("remote-host", "192.0.2.9").set("remote-port", "500").set("remote-id", "%any");
  ike.set("initiator-spi", "0000000000000001").set("responder-spi", "0000000000000000");
  ike.section("child-sas");
  return event;
}

TEST(CliRender, ListsSasAsSwanctlDoes) {
  EXPECT_EQ(sas_text({sa_event(), connecting_event()}),
            "site: #7, ESTABLISHED, IKEv2, 0011223344556677_i* 8899aabbccddeeff_r\n"
            "  local  'a.example' @ 192.0.2.1[500]\n"
            "  remote 'b.example' @ 192.0.2.2[4500]\n"
            "  AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519\n"
            "  established 12s ago\n"
            "  net: #3, reqid 1, INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-256/ESN\n"
            "    installed 11s ago, offload engine simulated\n"
            "    in  c0000001,     84 bytes,     1 packets\n"
            "    out c0000002,    168 bytes,     2 packets\n"
            "    local  10.1.0.0/24\n"
            "    remote 10.2.0.0/24 10.3.0.0/24\n"
            "other: #8, CONNECTING, IKEv2, 0000000000000001_i 0000000000000000_r*\n"
            "  local  '%any' @ 192.0.2.1[500]\n"
            "  remote '%any' @ 192.0.2.9[500]\n");
  EXPECT_EQ(sas_text({}), "");
}

TEST(CliRender, KeepsTheJsonKeysOfListSas) {
  const Json expected = Json::parse(R"({"ike_sas": [{
    "name": "site", "id": 7, "version": 2, "state": "ESTABLISHED", "initiator": true,
    "initiator_spi": "0011223344556677", "responder_spi": "8899aabbccddeeff",
    "local": {"host": "192.0.2.1", "port": 500, "id": "a.example", "nat": false},
    "remote": {"host": "192.0.2.2", "port": 4500, "id": "b.example", "nat": true},
    "encryption": "AES_GCM_16", "key_bits": 256, "integrity": null, "prf": "PRF_HMAC_SHA2_256",
    "group": "CURVE_25519", "established_seconds": 12, "rekey_in_seconds": null,
    "children": [{
      "name": "net", "id": 3, "state": "INSTALLED", "mode": "TUNNEL", "protocol": "ESP",
      "udp_encapsulation": true, "esn": true, "encryption": "AES_GCM_16", "key_bits": 256, "integrity": null,
      "group": null, "offload": "engine simulated", "offload_reason": null, "installed_seconds": 11, "rekey_in_seconds": null,
      "ends_in_seconds": null,
      "in": {"spi": "c0000001", "bytes": 84, "packets": 1},
      "out": {"spi": "c0000002", "bytes": 168, "packets": 2},
      "local_ts": ["10.1.0.0/24"], "remote_ts": ["10.2.0.0/24", "10.3.0.0/24"]}]}]})");
  EXPECT_EQ(sas_json({sa_event()}).dump(), expected.dump());
  EXPECT_EQ(sas_json({}).dump(), R"({"ike_sas":[]})");
  const Json connecting = sas_json({connecting_event()});
  EXPECT_TRUE(connecting["ike_sas"][0]["encryption"].is_null());
  EXPECT_TRUE(connecting["ike_sas"][0]["established_seconds"].is_null());
  EXPECT_TRUE(connecting["ike_sas"][0]["children"].empty());
}

Message conn_event() {
  Message event;
  Message& conn = event.section("site");
  conn.set_list("local_addrs", {"192.0.2.1"}).set_list("remote_addrs", {"192.0.2.2", "192.0.2.3"});
  conn.set("version", "IKEv2")
      .set("rekey_time", "14400")
      .set("local_port", "500")
      .set("remote_port", "500")
      .set("encap", "no");
  conn.set_list("proposals", {"aes256gcm16-prfsha256-x25519"});
  conn.section("local-1").set("class", "pre-shared key").set("id", "a.example");
  conn.section("remote-1").set("class", "pre-shared key").set("id", "b.example");
  Message& child = conn.section("children").section("net");
  child.set("mode", "TUNNEL").set("start_action", "none").set("hw_offload", "auto");
  child.set_list("esp_proposals", {"aes256gcm16-esn"});
  child.set_list("local-ts", {"10.1.0.0/24"}).set_list("remote-ts", {"10.2.0.0/24"});
  return event;
}

TEST(CliRender, ListsConnections) {
  EXPECT_EQ(conns_text({conn_event()}),
            "site: IKEv2, no reauthentication, rekeying every 14400s\n"
            "  local:  192.0.2.1\n"
            "  remote: 192.0.2.2\n"
            "  remote: 192.0.2.3\n"
            "  local pre-shared key authentication:\n"
            "    id: a.example\n"
            "  remote pre-shared key authentication:\n"
            "    id: b.example\n"
            "  net: TUNNEL, no rekeying\n"
            "    local:  10.1.0.0/24\n"
            "    remote: 10.2.0.0/24\n");
  const Json expected = Json::parse(R"({"connections": [{
    "name": "site", "version": "IKEv2", "local_addrs": ["192.0.2.1"], "remote_addrs": ["192.0.2.2", "192.0.2.3"],
    "local_port": 500, "remote_port": 500, "proposals": ["aes256gcm16-prfsha256-x25519"], "encap": false,
    "local": {"auth": "pre-shared key", "id": "a.example"},
    "remote": {"auth": "pre-shared key", "id": "b.example"},
    "children": [{"name": "net", "mode": "TUNNEL", "esp_proposals": ["aes256gcm16-esn"],
      "local_ts": ["10.1.0.0/24"], "remote_ts": ["10.2.0.0/24"], "start_action": "none",
      "hw_offload": "auto"}]}]})");
  EXPECT_EQ(conns_json({conn_event()}).dump(), expected.dump());
}

Message stats_answer() {
  Message answer;
  answer.section("uptime")
      .set("running", "2 minutes")
      .set("since", "Nov 23 10:00:00 2026")
      .set("seconds", "125");
  answer.section("ikesas").set("total", "1").set("half-open", "0");
  answer.section("engine")
      .set("name", "simulated")
      .set("version", "1.0")
      .set_list("capabilities", {"AES-GCM-128", "ESN"})
      .set("replay-window", "64")
      .set("max-packet-bytes", "16384")
      .set("outbound-sas", "64")
      .set("inbound-sas", "32")
      .set("cycles", "1000");
  for (const char* direction : {"engine-outbound", "engine-inbound"}) {
    Message& section = answer.section(direction);
    section.set("packets-in", "3").set("bytes-in", "300").set("packets-out", "2").set("bytes-out", "200");
    section.set("events-lost", "0");
    section.section("verdicts").set("ok", "2").set("too_long", "1");
  }
  answer.section("verdict-texts").set("ok", "transformed and delivered").set("too_long", "frame too long");
  answer.section("policy").set("no_policy", "0").set("bypass", "4");
  answer.section("ike").set("malformed", "0").set("bad_spi", "5");
  answer.section("io").section("tun").set("tun_write_failed", "0");
  answer.section("kernel").set("XfrmInPolBlock", "7").set("XfrmInError", "0");
  answer.section("control").set("connections", "9");
  return answer;
}

Message stats_child() {
  return Message()
      .set("name", "site.net")
      .set("uniqueid", "3")
      .set("packets-out", "2")
      .set("bytes-out", "200")
      .set("next-sequence", "3")
      .set("lease-limit", "1048577")
      .set("packets-in", "1")
      .set("bytes-in", "100")
      .set("replay-top", "1")
      .set("replay-too-old", "0")
      .set("replay-duplicate", "1")
      .set("icv-failed", "2")
      .set("selector-mismatch", "3");
}

TEST(CliRender, ShowsEveryDropReasonInStats) {
  EXPECT_EQ(
      stats_text(stats_answer(), {stats_child()}, false),
      "uptime: 2 minutes, since Nov 23 10:00:00 2026\n"
      "IKE SAs: 1 total, 0 half-open\n"
      "engine simulated, version 1.0\n"
      "  AES-GCM-128 ESN\n"
      "  replay windows up to 64 packets, packets up to 16384 bytes, 64 outbound and 32 inbound SAs\n"
      "  1000 clock cycles\n"
      "engine outbound: 3 packets and 300 bytes in, 2 packets and 200 bytes out\n"
      "           2  ok                       transformed and delivered\n"
      "           1  too_long                 frame too long\n"
      "engine inbound: 3 packets and 300 bytes in, 2 packets and 200 bytes out\n"
      "           2  ok                       transformed and delivered\n"
      "           1  too_long                 frame too long\n"
      "policy, before the engine:\n"
      "           0  no_policy\n"
      "           4  bypass\n"
      "IKE messages dropped or refused:\n"
      "           5  bad_spi\n"
      "packet I/O, tun: none\n"
      "kernel XFRM:\n           7  XfrmInPolBlock\n"
      "Child SAs:\n"
      "  site.net #3\n"
      "    out 2 packets, 200 bytes, next sequence number 3, leased below 1048577\n"
      "    in  1 packets, 100 bytes, highest sequence number 1; 0 too old, 1 duplicate, 2 bad ICV, 3 outside "
      "the selectors\n");
  const std::string all = stats_text(stats_answer(), {}, true);
  EXPECT_NE(all.find("           0  malformed\n"), std::string::npos);
  EXPECT_NE(all.find("packet I/O, tun:\n           0  tun_write_failed\n"), std::string::npos);
  EXPECT_NE(all.find("Child SAs: none\n"), std::string::npos);
}

TEST(CliRender, KeepsTheJsonKeysOfStats) {
  const Json direction =
      Json::parse(R"({"packets_in": 3, "bytes_in": 300, "packets_out": 2, "bytes_out": 200, "events_lost": 0,
                                         "verdicts": {"ok": 2, "too_long": 1}})");
  Json expected = Json::parse(R"({
    "uptime_seconds": 125, "ike_sas": {"total": 1, "half_open": 0},
    "engine": {"name": "simulated", "version": "1.0", "capabilities": ["AES-GCM-128", "ESN"], "replay_window": 64,
      "max_packet_bytes": 16384, "outbound_sas": 64, "inbound_sas": 32, "cycles": 1000,
      "outbound": 0, "inbound": 0,
      "verdict_texts": {"ok": "transformed and delivered", "too_long": "frame too long"}},
    "policy": {"no_policy": 0, "bypass": 4}, "ike": {"malformed": 0, "bad_spi": 5},
    "io": {"tun": {"tun_write_failed": 0}}, "kernel": {"XfrmInPolBlock": 7, "XfrmInError": 0}, "control": {"connections": 9},
    "children": [{"name": "site.net", "id": 3,
      "out": {"packets": 2, "bytes": 200, "next_sequence": 3, "lease_limit": 1048577},
      "in": {"packets": 1, "bytes": 100, "replay_top": 1, "replay_too_old": 0, "replay_duplicate": 1,
             "icv_failed": 2, "selector_mismatch": 3}}]})");
  expected["engine"]["outbound"] = direction;
  expected["engine"]["inbound"] = direction;
  EXPECT_EQ(stats_json(stats_answer(), {stats_child()}).dump(), expected.dump());
}

}  // namespace
}  // namespace espgate::host::cli
