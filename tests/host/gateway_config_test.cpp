#include "config/gateway_config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "config/values.h"
#include "temp_dir.h"

namespace espgate::host::config {
namespace {

using Errors = ConfigErrors;

constexpr std::string_view good = R"(
connections {
  site {
    version = 2
    local_addrs = 192.0.2.1
    remote_addrs = 192.0.2.2, 198.51.100.0/24
    proposals = aes256gcm16-prfsha256-x25519
    local { auth = psk
      id = a.example }
    remote { auth = psk
      id = b.example }
    children {
      net {
        local_ts = 10.1.0.0/24
        remote_ts = 10.2.0.0/24[tcp/80], 10.3.0.0/24
        esp_proposals = aes256gcm16-esn, aes128gcm16
        start_action = start
        hw_offload = packet
        replay_window = 64
        mode = tunnel
        copy_dscp = out
        copy_df = yes
      }
      rest {
        local_ts = 10.1.0.0/16
        remote_ts = 0.0.0.0/0
      }
    }
  }
  anybody {
    encap = yes
    local { auth = psk }
    remote { auth = psk
      id = %any }
    children { net {
      local_ts = 10.1.0.0/24
      remote_ts = 10.9.0.0/24
    } }
  }
}
secrets {
  ike-1 {
    id-a = a.example
    id-b = b.example
    secret = "correct horse"
  }
  ike-2 { secret = 0x00ff
  }
  ike3 { secret = 0sAQIDBA==
    id = %any
  }
}
pools { }
)";

std::expected<GatewayConfig, Errors> read(std::string_view text) {
  return translate(read_conf_text(text, "t.conf"));
}

Errors errors_of(std::string_view text) {
  const auto config = read(text);
  return config ? Errors{} : config.error();
}

TEST(GatewayConfig, ReadsConnectionsChildrenAndSecrets) {
  const auto config = read(good);
  ASSERT_TRUE(config) << config.error().front();
  ASSERT_EQ(config->connections.size(), 2U);
  const ike::ConnectionConfig& site = config->connections[0].ike;
  EXPECT_EQ(site.name, "site");
  ASSERT_EQ(site.local_addresses.size(), 1U);
  EXPECT_EQ(site.local_addresses[0].to_string(), "192.0.2.1/32");
  ASSERT_EQ(site.remote_addresses.size(), 2U);
  EXPECT_EQ(site.remote_addresses[1].to_string(), "198.51.100.0/24");
  EXPECT_EQ(site.proposals, std::vector{*ike::parse_ike_proposal("aes256gcm16-prfsha256-x25519")});
  EXPECT_EQ(site.local_id.to_string(), "a.example");
  EXPECT_EQ(site.remote_id.to_string(), "b.example");
  EXPECT_EQ(site.local_port, 500);
  EXPECT_FALSE(site.force_udp_encapsulation);

  ASSERT_EQ(site.children.size(), 2U);
  const ike::ChildConfig& net = site.children[0];
  EXPECT_EQ(net.name, "net");
  EXPECT_EQ(net.proposals, (std::vector{*ike::parse_esp_proposal("aes256gcm16-esn"),
                                        *ike::parse_esp_proposal("aes128gcm16")}));
  EXPECT_EQ(net.local_ts, std::vector{*ike::TrafficSelector::parse("10.1.0.0/24")});
  ASSERT_EQ(net.remote_ts.size(), 2U);
  EXPECT_EQ(net.remote_ts[0].first_port, 80);
  EXPECT_EQ(net.start_action, ike::StartAction::start);
  const ChildPlacement& placement = config->connections[0].placements[0];
  EXPECT_EQ(placement.hw_offload, HwOffload::packet);
  EXPECT_EQ(placement.replay_window, 64U);
  EXPECT_EQ(placement.where, "t.conf:13: connections.site.children.net");

  // What stands nowhere is strongSwan's default, or auto for hw_offload.
  EXPECT_EQ(site.children[1].proposals, std::vector{*ike::parse_esp_proposal("default")});
  EXPECT_EQ(config->connections[0].placements[1].hw_offload, HwOffload::automatic);
  EXPECT_EQ(config->connections[0].placements[1].replay_window, std::nullopt);
  const ike::ConnectionConfig& anybody = config->connections[1].ike;
  EXPECT_TRUE(anybody.force_udp_encapsulation);
  EXPECT_TRUE(anybody.local_addresses.empty());
  EXPECT_TRUE(anybody.remote_addresses.empty());
  EXPECT_TRUE(anybody.local_id.data.empty());
  EXPECT_TRUE(anybody.remote_id.is_any());
  EXPECT_EQ(anybody.proposals, std::vector{*ike::parse_ike_proposal("default")});

  ASSERT_EQ(config->secrets.size(), 3U);
  EXPECT_EQ(config->secrets[0].owners.size(), 2U);
  EXPECT_EQ(to_hex(config->secrets[0].value.view()),
            to_hex(Bytes{'c', 'o', 'r', 'r', 'e', 'c', 't', ' ', 'h', 'o', 'r', 's', 'e'}));
  EXPECT_TRUE(config->secrets[1].owners.empty());
  EXPECT_EQ(to_hex(config->secrets[1].value.view()), "00ff");
  EXPECT_TRUE(config->secrets[2].owners.empty());
  EXPECT_EQ(to_hex(config->secrets[2].value.view()), "01020304");
}

TEST(GatewayConfig, AnEmptyFileIsAnEmptyConfiguration) {
  EXPECT_EQ(errors_of(""), Errors{});
  EXPECT_TRUE(read("connections { }\n")->connections.empty());
}

// One line of a good connection is replaced or added, and the error must name it. Lines count from 1.
struct BadLine {
  const char* connection;  // a line of the connection
  const char* child;       // a line of the child
  const char* error;
};

std::string with_lines(const BadLine& bad) {
  return std::string("connections { site {\n") + bad.connection +
         "\nlocal { auth = psk }\nremote { auth = psk }\nchildren { net {\n" + bad.child +
         "\nlocal_ts = 10.1.0.0/24\nremote_ts = 10.2.0.0/24\n} } } }\n";
}

class BadLines : public ::testing::TestWithParam<BadLine> {};

TEST_P(BadLines, NamesFileLineKeyAndReason) {
  EXPECT_EQ(errors_of(with_lines(GetParam())), Errors{GetParam().error});
}

INSTANTIATE_TEST_SUITE_P(
    Connection, BadLines,
    ::testing::Values(
        BadLine{"version = 1", "",
                "t.conf:2: connections.site.version: '1': only IKEv2 is supported: version = 2"},
        BadLine{"version = two", "", "t.conf:2: connections.site.version: 'two' is not a number"},
        BadLine{
            "dpd_delay = soon", "",
            "t.conf:2: connections.site.dpd_delay: 'soon' is no time of up to ten years: a number with s, "
            "m, h or d"},
        BadLine{"reauth_time = 1h", "",
                "t.conf:2: connections.site.reauth_time: not supported by this version: reauthentication, "
                "which interrupts the traffic; rekey_time renews the keys without that, and reauth_time = 0 "
                "says so"},
        BadLine{
            "over_time = 0", "",
            "t.conf:2: connections.site.over_time: 0 leaves no time to rekey in; leave it out for a tenth "
            "of rekey_time"},
        BadLine{"unique = maybe", "",
                "t.conf:2: connections.site.unique: 'maybe' is none of never, no, keep, replace"},
        BadLine{"fragmentation = 1", "",
                "t.conf:2: connections.site.fragmentation: '1' is none of yes, accept, force, no"},
        BadLine{"mobike = yes", "",
                "t.conf:2: connections.site.mobike: not supported by this version: MOBIKE"},
        BadLine{"nonsense = 1", "", "t.conf:2: connections.site.nonsense: unknown key"},
        BadLine{"nonsense { }", "", "t.conf:2: connections.site.nonsense: unknown section"},
        BadLine{"local_addrs = gate.example", "",
                "t.conf:2: connections.site.local_addrs: 'gate.example' is no address, prefix or range; "
                "names are "
                "not supported by this version"},
        BadLine{
            "remote_addrs = 2001:db8::1", "",
            "t.conf:2: connections.site.remote_addrs: '2001:db8::1': not supported by this version: IPv6"},
        BadLine{"remote_addrs =", "", "t.conf:2: connections.site.remote_addrs: the list is empty"},
        BadLine{"local_port = 5000", "",
                "t.conf:2: connections.site.local_port: 5000: not supported by this version: the daemon "
                "listens on "
                "UDP ports 500 and 4500 only"},
        BadLine{
            "remote_port = 4500", "",
            "t.conf:1: connections.site.remote_port: local port 500 with remote port 4500: port 500 talks to "
            "port 500 only, set local_port and remote_port alike"},
        BadLine{"remote_port = 70000", "",
                "t.conf:2: connections.site.remote_port: '70000' is more than 65535"},
        BadLine{"encap = maybe", "", "t.conf:2: connections.site.encap: 'maybe' is neither yes nor no"},
        BadLine{"proposals = aes256gcm16-x25519", "",
                "t.conf:2: connections.site.proposals: proposal 'aes256gcm16-x25519': with 'aes256gcm16' "
                "there is no "
                "integrity algorithm to take the PRF from; add one, for example prfsha256"}));

INSTANTIATE_TEST_SUITE_P(
    Child, BadLines,
    ::testing::Values(
        BadLine{"", "mode = transport",
                "t.conf:6: connections.site.children.net.mode: 'transport': not supported by this version: "
                "tunnel, pass and drop are"},
        BadLine{
            "", "mode = sideways",
            "t.conf:6: connections.site.children.net.mode: 'sideways' is no mode; tunnel, pass and drop are"},
        BadLine{"", "start_action = spring",
                "t.conf:6: connections.site.children.net.start_action: 'spring' is no action; none, start, "
                "trap and "
                "trap|start are"},
        BadLine{"", "start_action = start",
                "t.conf:5: connections.site.children.net.start_action: to start, the first of local_addrs "
                "and the "
                "first of remote_addrs must each be one address"},
        BadLine{
            "", "hw_offload = crypto",
            "t.conf:6: connections.site.children.net.hw_offload: 'crypto' asks the kernel for crypto offload "
            "to "
            "a network card, which this version does not use; write packet (the engine), no (the kernel) or "
            "auto"},
        BadLine{"", "copy_df = no",
                "t.conf:6: connections.site.children.net.copy_df: 'no': not supported by this version: the "
                "engine "
                "copies the DF bit"},
        BadLine{"", "copy_dscp = in",
                "t.conf:6: connections.site.children.net.copy_dscp: 'in': not supported by this version: the "
                "engine copies the DSCP outwards only, copy_dscp = out"},
        BadLine{"", "rekey_time = 2h\nlife_time = 1h",
                "t.conf:7: connections.site.children.net.life_time: 3600 s is not more than rekey_time, 7200 "
                "s"},
        BadLine{"", "rekey_bytes = 1g\nlife_bytes = 1m",
                "t.conf:7: connections.site.children.net.life_bytes: 1048576 is not more than rekey_bytes, "
                "1073741824"},
        BadLine{"", "dpd_action = trap",
                "t.conf:6: connections.site.children.net.dpd_action: 'trap': not supported by this version: "
                "traps; none and start are"},
        BadLine{"", "lief_time = 1h", "t.conf:6: connections.site.children.net.lief_time: unknown key"},
        BadLine{"", "replay_window = many",
                "t.conf:6: connections.site.children.net.replay_window: 'many' is not a number"},
        BadLine{"", "sub { }", "t.conf:6: connections.site.children.net.sub: unknown section"}));

TEST(GatewayConfig, ReadsLifetimesAsStrongswanDoes) {
  using namespace std::chrono_literals;
  const auto read = [](const std::string& connection, const std::string& child) {
    const auto config = translate(read_conf_text(
        "connections { x {\n" + connection +
            "\nlocal { auth = psk }\nremote { auth = psk }\nchildren { c {\nlocal_ts = 10.1.0.0/24\n"
            "remote_ts = 10.2.0.0/24\n" +
            child + "\n} } } }\n",
        "t.conf"));
    EXPECT_TRUE(config) << (config ? "" : config.error().front());
    return config ? config->connections.front().ike : ike::ConnectionConfig{};
  };
  ike::ConnectionConfig config = read("", "");
  EXPECT_EQ(config.lifetime, (ike::Lifetime{4h, 4h + 24min, 24min}));
  EXPECT_EQ(config.children.front().lifetime, (ike::Lifetime{1h, 66min, 6min}));
  EXPECT_EQ(config.children.front().bytes, ike::VolumeLimit{});
  EXPECT_EQ(config.dpd_delay, 0s);
  EXPECT_EQ(config.unique, ike::Unique::no);
  EXPECT_EQ(config.fragmentation, ike::Fragmentation::yes);
  EXPECT_EQ(config.keying_tries, 1U);

  config = read(
      "rekey_time = 2d\nover_time = 1h\nrand_time = 10m\ndpd_delay = 30\nreauth_time = 0\n"
      "unique = replace\nchildless = force\nfragmentation = accept\nkeyingtries = 0",
      "rekey_time = 30m\nlife_time = 40m\nrand_time = 0\nrekey_bytes = 500m\nlife_packets = 1100\n"
      "dpd_action = restart\nclose_action = start");
  EXPECT_EQ(config.lifetime, (ike::Lifetime{48h, 49h, 10min}));
  EXPECT_EQ(config.dpd_delay, 30s);
  EXPECT_EQ(config.unique, ike::Unique::replace);
  EXPECT_EQ(config.childless, ike::Childless::force);
  EXPECT_EQ(config.fragmentation, ike::Fragmentation::accept);
  EXPECT_EQ(config.keying_tries, 0U);
  const ike::ChildConfig& child = config.children.front();
  EXPECT_EQ(child.lifetime, (ike::Lifetime{30min, 40min, 0s}));
  EXPECT_EQ(child.bytes, (ike::VolumeLimit{524288000, 576716800, 52428800}));
  EXPECT_EQ(child.packets, (ike::VolumeLimit{1000, 1100, 100}));
  EXPECT_EQ(child.dpd_action, ike::EndAction::start);
  EXPECT_EQ(child.close_action, ike::EndAction::start);

  config = read("rekey_time = 0", "rekey_time = 0");
  EXPECT_EQ(config.lifetime, ike::Lifetime{});
  EXPECT_EQ(config.children.front().lifetime, ike::Lifetime{});
  EXPECT_EQ(read("", "life_time = 66m").children.front().lifetime, (ike::Lifetime{1h, 66min, 6min}));
}

TEST(GatewayConfig, SaysWhatHasNoEffect) {
  const auto config = translate(read_conf_text(
      "connections { x {\ndpd_timeout = 150s\nlocal { auth = psk }\nremote { auth = psk }\nchildren { c {\n"
      "local_ts = 10.1.0.0/24\nremote_ts = 10.2.0.0/24\n} } } }\n",
      "t.conf"));
  ASSERT_TRUE(config);
  EXPECT_EQ(
      config->notices,
      (Errors{"t.conf:2: connections.x.dpd_timeout: is for IKEv1; in IKEv2 the retransmissions decide"}));
}

TEST(GatewayConfig, RefusesWhatIsMissing) {
  EXPECT_EQ(
      errors_of("connections { x {\n} }\n"),
      (Errors{"t.conf:1: connections.x.local: the section is missing: local { auth = ... } must stand here",
              "t.conf:1: connections.x.remote: the section is missing: remote { auth = ... } must stand here",
              "t.conf:1: connections.x.children: a connection needs at least one child"}));
  EXPECT_EQ(
      errors_of("connections { x {\nlocal { auth = eap-md5\n }\nremote { auth = rsa-sha1\n }\nchildren { c { "
                "} } } }\n"),
      (Errors{"t.conf:2: connections.x.local.auth: 'eap-md5': not supported by this version: EAP and XAuth; "
              "psk and "
              "pubkey are",
              "t.conf:4: connections.x.remote.auth: 'rsa-sha1': 'sha1' is refused: its hash is too short for "
              "signatures "
              "(RFC 8247 section 4.2); use sha256; psk, pubkey, rsa, ecdsa, ed25519 and ed448 are supported",
              "t.conf:6: connections.x.children.c.local_ts: the key is missing: dynamic, which strongSwan "
              "would take, is not supported by this version",
              "t.conf:6: connections.x.children.c.remote_ts: the key is missing: dynamic, which strongSwan "
              "would take, is not supported by this version"}));
}

TEST(GatewayConfig, RefusesSeveralRoundsAndOddPatterns) {
  const Errors errors = errors_of(
      "connections { x {\nlocal-1 { auth = psk }\nlocal-2 { auth = psk }\nremote { auth = psk\nid = a*b\n"
      "certs = x\n}\nchildren { c {\nlocal_ts = dynamic\nremote_ts = 2001:db8::/32\n} } } }\n");
  EXPECT_EQ(
      errors,
      (Errors{
          "t.conf:3: connections.x.local-2: not supported by this version: several rounds of authentication",
          "t.conf:6: connections.x.remote.certs: 'x': there is no folder that it could be in",
          "t.conf:5: connections.x.remote.id: identity 'a*b': a '*' stands only at the beginning, before a "
          "'.' or an "
          "'@'",
          "t.conf:9: connections.x.children.c.local_ts: 'dynamic': not supported by this version: write the "
          "address or the network",
          "t.conf:10: connections.x.children.c.remote_ts: '2001:db8::/32': not supported by this version: "
          "IPv6"}));
}

TEST(GatewayConfig, RefusesBadSecretsWithoutShowingThem) {
  const Errors errors = errors_of(
      "secrets {\nike-1 { secret = 0xhush }\nike-2 { secret = 0sd*e*a*r }\nike-3 { }\nike-4 { secret = \"\" "
      "}\n"
      "ike-5 { secret = fine\nkey = hush\nid = %any\nid-2 = a }\nprivate { secret = hush }\nodd { }\n}\n");
  EXPECT_EQ(errors,
            (Errors{
                "t.conf:11: secrets.odd: unknown section",
                "t.conf:2: secrets.ike-1.secret: after 0x only hex digits may stand",
                "t.conf:3: secrets.ike-2.secret: what stands after 0s is not base64: a character is wrong",
                "t.conf:4: secrets.ike-3: the key 'secret' is missing",
                "t.conf:5: secrets.ike-4.secret: the secret is empty",
                "t.conf:7: secrets.ike-5.key: unknown key",
                "t.conf:6: secrets.ike-5: %any beside other identities: leave the others out, or %any",
                "t.conf:10: secrets.private: the key 'file' is missing",
            }));
  for (const std::string& error : errors) {
    EXPECT_EQ(error.find("hush"), std::string::npos);
    EXPECT_EQ(error.find("fine"), std::string::npos);
  }
}

TEST(GatewayConfig, RefusesUnknownAndUnsupportedSectionsAtTheTop) {
  EXPECT_EQ(errors_of("key = 1\nmystery { }\nauthorities { ca { cacert = x } }\n"),
            (Errors{"t.conf:1: key: unknown key", "t.conf:2: mystery: unknown section",
                    "t.conf:3: authorities.ca.cacert: 'x': there is no folder that it could be in"}));
}

TEST(GatewayConfig, RefusesSecretsThatEverybodyMayRead) {
  const TempDir dir;
  const std::string text = "secrets { ike-1 { secret = x }\nike-2 { secret = y }\n}\n";
  for (const unsigned mode : {0644U, 0604U, 0602U, 0601U}) {
    const std::string path = dir.write("open.conf", text, mode);
    const auto config = load_gateway_config(path);
    ASSERT_FALSE(config);
    EXPECT_EQ(
        config.error(),
        Errors{fmt::format("{0}:1: secrets.ike-1.secret: a secret in a file that everybody may open (mode "
                           "{1:04o}): chmod 600 {0}",
                           path, mode)});
  }
  EXPECT_TRUE(load_gateway_config(dir.write("closed.conf", text, 0600)));
  EXPECT_TRUE(load_gateway_config(dir.write("group.conf", text, 0640)));
  EXPECT_TRUE(load_gateway_config(dir.write("no-secret.conf", "connections { }\n", 0644)));
  // The secret's own file counts, not the one that includes it.
  dir.write("secret.inc", text, 0644);
  EXPECT_FALSE(load_gateway_config(dir.write("outer.conf", "include secret.inc\n", 0600)));
}

TEST(ConfigValues, ParsesBooleansNumbersAndLists) {
  for (const char* yes : {"yes", "YES", "true", "1", "enabled"}) {
    EXPECT_TRUE(*parse_bool(yes)) << yes;
  }
  for (const char* no : {"no", "No", "false", "0", "disabled"}) {
    EXPECT_FALSE(*parse_bool(no)) << no;
  }
  for (const char* bad : {"", "y", "2", "yes "}) {
    EXPECT_FALSE(parse_bool(bad)) << bad;
  }
  EXPECT_EQ(*parse_number("65535", 65535), 65535U);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x10", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_number(bad, 65535)) << bad;
  }
  EXPECT_EQ(split_list(" a,b ,, c d ,"), (std::vector<std::string_view>{"a", "b", "c d"}));
  EXPECT_TRUE(split_list(" , ").empty());
}

// RFC 4648 section 10.
TEST(ConfigValues, DecodesBase64Secrets) {
  const auto decoded = [](std::string_view text) {
    const auto secret = parse_secret("0s" + std::string(text));
    return secret ? std::string(secret->view().begin(), secret->view().end()) : "(refused)";
  };
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm9v"), "foo");
  EXPECT_EQ(decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded("Zm9vYmE"), "fooba");
  for (const char* bad : {"", "=", "Z", "Zg=", "Zm9v=", "Zm9vY", "Zm 9", "===="}) {
    EXPECT_EQ(decoded(bad), "(refused)") << bad;
  }
}

}  // namespace
}  // namespace espgate::host::config
