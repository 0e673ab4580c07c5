// Proposals, identities, traffic selectors and secrets as an operator writes them.
#include <gtest/gtest.h>

#include "config/config_store.h"
#include "negotiation/narrowing.h"
#include "negotiation/proposal_selection.h"
#include "simulated_peers.h"

namespace espgate::ike {
namespace {

TEST(ProposalText, IkeRoundTrips) {
  for (const char* text :
       {"aes256gcm16-prfsha256-x25519", "aes128gcm16-aes256gcm16-prfsha384-prfsha512-ecp256-ecp384",
        "aes256-sha512-prfsha512-ecp384", "aes128gcm12-aes192gcm8-prfaescmac-x448-ecp521",
        "chacha20poly1305-aes256gcm16-prfsha512-x25519", "aes128ctr-aes256ctr-aescmac-prfaescmac-modp2048",
        "aes128-sha1-prfsha1-modp3072-modp4096-modp6144-modp8192",
        "aes128-aes192-sha256-sha384-prfsha256-prfsha384-x25519"}) {
    const auto proposal = parse_ike_proposal(text);
    ASSERT_TRUE(proposal) << proposal.error().message;
    EXPECT_EQ(to_string(*proposal), text);
  }
}

TEST(ProposalText, IkeMeansWhatItSays) {
  const auto proposal = parse_ike_proposal("aes128gcm16-aes256gcm16-prfsha256-curve25519-ecp256");
  ASSERT_TRUE(proposal);
  const IkeProposal expected{{{Encryption::aes_gcm_16, 128}, {Encryption::aes_gcm_16, 256}},
                             {Prf::hmac_sha2_256},
                             {},
                             {Group::curve25519, Group::ecp_256}};
  EXPECT_EQ(*proposal, expected);
  // strongSwan's habit: with an integrity algorithm the PRF follows its hash.
  const auto cbc = parse_ike_proposal("aes256-sha384-ecp384");
  ASSERT_TRUE(cbc);
  EXPECT_EQ(cbc->prf, std::vector{Prf::hmac_sha2_384});
  EXPECT_EQ(cbc->integrity, std::vector{Integrity::hmac_sha2_384_192});
  EXPECT_TRUE(parse_ike_proposal("default"));
}

TEST(ProposalText, Sha1IsOffUnlessItIsWritten) {
  EXPECT_EQ(to_string(*parse_ike_proposal("default")).find("sha1"), std::string::npos);
  EXPECT_EQ(to_string(*parse_esp_proposal("default")).find("sha1"), std::string::npos);
  EXPECT_EQ(to_string(*parse_ah_proposal("default")).find("sha1"), std::string::npos);
  EXPECT_EQ(parse_ike_proposal("aes128-sha1-modp2048")->prf, std::vector{Prf::hmac_sha1});
}

TEST(ProposalText, EspMeansWhatItSays) {
  const auto both = parse_esp_proposal("aes256gcm16-esn-noesn");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->esn, (std::vector{EsnMode::yes, EsnMode::no}));
  EXPECT_EQ(to_string(*both), "aes256gcm16-esn-noesn");
  const auto silent = parse_esp_proposal("aes128-sha256-x25519");
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->esn, std::vector{EsnMode::no});
  EXPECT_EQ(silent->groups, std::vector{Group::curve25519});
  EXPECT_TRUE(parse_esp_proposal("default"));
  for (const char* text : {"aes128gmac-aes192gmac-aes256gmac-esn", "null-sha256-noesn",
                           "aes128ccm16-aes256ccm8-aes192ccm12-noesn", "chacha20poly1305-esn-noesn",
                           "aes128ctr-aesxcbc-sha1-noesn", "aes256-aescmac-modp8192-noesn"}) {
    const auto proposal = parse_esp_proposal(text);
    ASSERT_TRUE(proposal) << proposal.error().message;
    EXPECT_EQ(to_string(*proposal), text);
    EXPECT_EQ(proposal->protocol, ChildProtocol::esp);
  }
}

TEST(ProposalText, IcvSizesMayStandInBits) {
  const auto cipher = [](const char* text) { return parse_esp_proposal(text).value().encryption.front(); };
  const std::pair<const char*, EncryptionTransform> words[] = {
      {"aes192gcm128", {Encryption::aes_gcm_16, 192}}, {"aes128gcm96", {Encryption::aes_gcm_12, 128}},
      {"aes256gcm64", {Encryption::aes_gcm_8, 256}},   {"aes256gcm", {Encryption::aes_gcm_16, 256}},
      {"aes128ccm128", {Encryption::aes_ccm_16, 128}}, {"aes128ccm96", {Encryption::aes_ccm_12, 128}},
      {"aes256ccm64", {Encryption::aes_ccm_8, 256}},
  };
  for (const auto& [text, transform] : words) {
    EXPECT_EQ(cipher(text), transform) << text;
  }
}

TEST(ProposalText, AhMeansWhatItSays) {
  const auto ah = parse_ah_proposal("sha256-aescmac-x25519-esn");
  ASSERT_TRUE(ah) << ah.error().message;
  EXPECT_EQ(ah->protocol, ChildProtocol::ah);
  EXPECT_TRUE(ah->encryption.empty());
  EXPECT_EQ(ah->integrity, (std::vector{Integrity::hmac_sha2_256_128, Integrity::aes_cmac_96}));
  EXPECT_EQ(ah->esn, std::vector{EsnMode::yes});
  EXPECT_EQ(to_string(*ah), "sha256-aescmac-x25519-esn");
  EXPECT_TRUE(parse_ah_proposal("default"));
  EXPECT_NE(parse_ah_proposal("aes256-sha256").error().message.find("ESP proposal"), std::string::npos);
  EXPECT_NE(parse_ah_proposal("esn").error().message.find("no integrity"), std::string::npos);
  EXPECT_NE(parse_ah_proposal("sha256-prfsha256").error().message.find("IKE proposal"), std::string::npos);
}

// Whatever is refused says why, and where it can be looked up or what to write instead.
TEST(ProposalText, EveryForbiddenWordIsRefusedWithItsReason) {
  for (const char* word :
       {"3des",       "des",    "blowfish256", "cast128",      "camellia256",  "serpent128",
        "twofish256", "md5",    "sha256_96",   "modp768",      "modp1024",     "modp1536",
        "ecp192",     "ecp224", "ecp256bp",    "modp2048s256", "modp1024s160", "ntru128",
        "newhope128", "prfmd5", "modpnone",    "mlkem768",     "prfaesxcbc",   "sha1_160"}) {
    for (const auto& message :
         {parse_ike_proposal(word).error().message, parse_esp_proposal(word).error().message,
          parse_ah_proposal(word).error().message}) {
      EXPECT_NE(message.find(std::string("'") + word + "' is refused: "), std::string::npos) << message;
    }
  }
}

TEST(ProposalText, ErrorsNameTheWordAndTheReason) {
  const auto message = [](const auto& parsed) { return parsed ? std::string() : parsed.error().message; };
  EXPECT_NE(message(parse_ike_proposal("3des-sha256-x25519")).find("'3des' is refused"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("3des-sha256-x25519")).find("RFC 8247"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("null-sha256-x25519")).find("does not encrypt"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes128gmac-prfsha256-x25519")).find("does not encrypt"),
            std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes128ccm16-prfsha256-x25519")).find("ESP only"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes128-aesxcbc-x25519")).find("ESP and AH only"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("null")).find("needs an integrity"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256-md5-x25519")).find("RFC"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256-sha256-modp1024")).find("too weak"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256gcm16-x25519")).find("prfsha256"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256gcm16-sha256-x25519")).find("prfsha256"), std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256gcm16-prfsha256")).find("no key exchange group"),
            std::string::npos);
  EXPECT_NE(message(parse_ike_proposal("aes256gcm16-prfsha256-x25519-esn")).find("ESP proposal"),
            std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("aes256gcm16-prfsha256")).find("IKE proposal"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("aes256")).find("integrity"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("aes256gcm16-aes128-sha256")).find("cannot stand in one proposal"),
            std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("aes256gcm17")).find("unknown word 'aes256gcm17'"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("")).find("empty word"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("aes256gcm16--esn")).find("empty word"), std::string::npos);
  EXPECT_NE(message(parse_esp_proposal("sha256")).find("no encryption"), std::string::npos);
}

TEST(Names, AreThoseOfStrongSwan) {
  EXPECT_EQ(to_string(Encryption::aes_gcm_16), "AES_GCM_16");
  EXPECT_EQ(to_string(Prf::hmac_sha2_256), "PRF_HMAC_SHA2_256");
  EXPECT_EQ(to_string(Integrity::hmac_sha2_512_256), "HMAC_SHA2_512_256");
  EXPECT_EQ(to_string(Group::curve25519), "CURVE_25519");
  EXPECT_EQ(to_string(Group::modp_2048), "MODP_2048");
  EXPECT_EQ(to_string(Encryption::null_auth_aes_gmac), "NULL_AES_GMAC");
}

TEST(IdentityText, TypesFollowTheForm) {
  const auto type = [](std::string_view text) { return Identity::parse(text).value().type; };
  EXPECT_EQ(type("192.0.2.1"), IdType::ipv4_addr);
  EXPECT_EQ(type("2001:db8::1"), IdType::ipv6_addr);
  EXPECT_EQ(type("gw.example.org"), IdType::fqdn);
  EXPECT_EQ(type("@gw.example.org"), IdType::fqdn);
  EXPECT_EQ(type("fqdn:192.0.2.1"), IdType::fqdn);
  EXPECT_EQ(type("carol@example.org"), IdType::rfc822_addr);
  EXPECT_EQ(type("keyid:0x0102"), IdType::key_id);
  EXPECT_EQ(type("@#0102"), IdType::key_id);
  EXPECT_TRUE(is_any(*Identity::parse("%any")));
  for (const char* text : {"192.0.2.1", "2001:db8::1", "gw.example.org", "fqdn:192.0.2.1",
                           "carol@example.org", "keyid:0x0102", "keyid:office", "%any"}) {
    EXPECT_EQ(Identity::parse(text).value().to_string(), text);
  }
  for (const char* text : {"", "a b", "CN=", "nosuchtype=x", "C=CHE", "CN=x, O", "*.example.org",
                           "asn1dn:#3000ff", "@", "keyid:", "keyid:0x1", "@#zz", "a@b@c", "fqdn:"}) {
    EXPECT_FALSE(Identity::parse(text)) << text;
  }
}

TEST(IdentityText, PeersCannotWriteControlCharacters) {
  const Identity identity{IdType::fqdn, {0x1b, '[', '2', 'J'}};
  EXPECT_EQ(identity.to_string(), "fqdn:0x1b5b324a");
}

TEST(TrafficSelectorText, RoundTrips) {
  for (const char* text : {"10.0.0.0/8", "10.0.0.0/8[tcp/80]", "10.0.0.0/8[udp]", "10.0.0.0/8[tcp/1024-2047]",
                           "2001:db8::/32[icmp]", "10.0.0.1-10.0.0.9", "10.0.0.1/32[99]",
                           "10.0.0.0/8[icmp/8]", "10.0.0.0/8[icmp/3(4)]", "2001:db8::/32[ipv6-icmp/1(0-4)]",
                           "10.0.0.0/8[udp/opaque]", "10.0.0.0/8[any/opaque]"}) {
    const auto selector = TrafficSelector::parse(text);
    ASSERT_TRUE(selector) << selector.error().message;
    EXPECT_EQ(selector->to_string(), text);
  }
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/8[", "10.0.0.0/8[tcp/]", "10.0.0.0/8[tcp/9-1]",
                           "10.0.0.0/8[icmp/256]", "10.0.0.0/8[icmp/3(4]", "10.0.0.0/8[icmp/3(4-1)]",
                           "10.0.0.0/8[gre/1]", "10.0.0.0/8[tcp/70000]", "10.0.0.0/8[nope]", "x[tcp]"}) {
    EXPECT_FALSE(TrafficSelector::parse(text)) << text;
  }
}

TrafficSelector ts(std::string_view text) {
  return TrafficSelector::parse(text).value();
}

TEST(TrafficSelectorSets, Intersect) {
  EXPECT_EQ(ts("10.0.0.0/8").intersect(ts("10.1.0.0/16[tcp/80]")), ts("10.1.0.0/16[tcp/80]"));
  EXPECT_EQ(ts("10.0.0.0/8[tcp/1-100]").intersect(ts("10.1.0.0/16[tcp/50-200]")),
            ts("10.1.0.0/16[tcp/50-100]"));
  EXPECT_FALSE(ts("10.0.0.0/8[tcp]").intersect(ts("10.0.0.0/8[udp]")));
  EXPECT_FALSE(ts("10.0.0.0/8").intersect(ts("11.0.0.0/8")));
  EXPECT_FALSE(ts("10.0.0.0/8").intersect(ts("2001:db8::/32")));
  EXPECT_FALSE(ts("10.0.0.0/8[tcp/1-9]").intersect(ts("10.0.0.0/8[tcp/10]")));
}

// RFC 4301 section 4.4.1.1: any port takes packets that do not show theirs, a range of ports does not.
TEST(TrafficSelectorSets, OpaqueAndIcmp) {
  const TrafficSelector opaque = ts("10.1.0.0/16[udp/opaque]");
  EXPECT_TRUE(opaque.is_opaque());
  EXPECT_EQ(opaque.first_port, 65535);
  EXPECT_EQ(opaque.last_port, 0);
  EXPECT_EQ(ts("10.0.0.0/8").intersect(opaque), opaque);
  EXPECT_EQ(opaque.intersect(ts("10.0.0.0/8[udp]")), opaque);
  EXPECT_EQ(opaque.intersect(opaque), opaque);
  EXPECT_FALSE(opaque.intersect(ts("10.0.0.0/8[udp/1-65535]")));
  EXPECT_FALSE(opaque.intersect(ts("10.0.0.0/8[tcp]")));
  const TrafficSelector echo = ts("10.0.0.0/8[icmp/8]");
  EXPECT_EQ(echo.first_port, 0x0800);
  EXPECT_EQ(echo.last_port, 0x08ff);
  EXPECT_EQ(echo.intersect(ts("10.0.0.0/8[icmp/8(0)]")), ts("10.0.0.0/8[icmp/8(0)]"));
  EXPECT_FALSE(echo.intersect(ts("10.0.0.0/8[icmp/0]")));
  EXPECT_EQ(echo.intersect(ts("10.5.0.0/16[icmp]")), ts("10.5.0.0/16[icmp/8]"));
}

TEST(Narrowing, WithPortsTypesAndOpaque) {
  const std::vector ours{ts("10.0.0.0/8[udp/500-600]"), ts("10.0.0.0/8[udp/opaque]"),
                         ts("10.0.0.0/8[icmp/8]")};
  EXPECT_EQ(narrow(ours, std::vector{ts("10.1.0.0/16")}, 32),
            (std::vector{ts("10.1.0.0/16[udp/500-600]"), ts("10.1.0.0/16[udp/opaque]"),
                         ts("10.1.0.0/16[icmp/8]")}));
  EXPECT_EQ(narrow(ours, std::vector{ts("10.1.0.0/16[udp/550-700]"), ts("10.1.0.0/16[icmp]")}, 32),
            (std::vector{ts("10.1.0.0/16[udp/550-600]"), ts("10.1.0.0/16[icmp/8]")}));
  EXPECT_TRUE(within(std::vector{ts("10.1.0.0/16[udp/opaque]")}, std::vector{ts("10.0.0.0/8")}));
  EXPECT_FALSE(within(std::vector{ts("10.1.0.0/16")}, std::vector{ts("10.0.0.0/8[any/opaque]")}));
}

TEST(Narrowing, KeepsTheCommonPartsOnce) {
  const std::vector ours{ts("10.0.0.0/16"), ts("10.0.5.0/24"), ts("10.9.0.0/16[tcp]")};
  const std::vector theirs{ts("10.0.0.0/8"), ts("192.168.0.0/16")};
  EXPECT_EQ(narrow(ours, theirs, 32), (std::vector{ts("10.0.0.0/16"), ts("10.9.0.0/16[tcp]")}));
  EXPECT_TRUE(narrow(ours, std::vector{ts("172.16.0.0/12")}, 32).empty());
  EXPECT_TRUE(narrow(ours, theirs, 1).empty());
  EXPECT_TRUE(within(std::vector{ts("10.0.1.0/24")}, ours));
  EXPECT_FALSE(within(std::vector{ts("10.0.0.0/8")}, ours));
}

TEST(Narrowing, OddSelectorsOnTheWireAreLeftOut) {
  wire::TsPayload payload = to_wire(wire::PayloadType::ts_initiator, std::vector{ts("10.0.0.0/8")});
  wire::Selector backwards = payload.selectors.front();
  std::swap(backwards.first_address, backwards.last_address);
  wire::Selector opaque = payload.selectors.front();
  opaque.first_port = 65535;
  opaque.last_port = 0;
  payload.selectors.push_back(backwards);
  payload.selectors.push_back(opaque);
  payload.selectors.push_back({wire::SelectorType{99}, 0, 0, 0, {1, 2}, {}});
  wire::Selector no_port = payload.selectors.front();
  no_port.first_port = 9;
  no_port.last_port = 8;
  payload.selectors.push_back(no_port);
  EXPECT_EQ(from_wire(payload), (std::vector{ts("10.0.0.0/8"), ts("10.0.0.0/8[any/opaque]")}));
}

TEST(Selection, OursDecidesAndTheAnswerNamesTheirNumber) {
  const std::vector theirs{*parse_ike_proposal("aes128gcm16-prfsha256-ecp256"),
                           *parse_ike_proposal("aes256gcm16-prfsha384-prfsha256-x25519-ecp256")};
  const std::vector ours{*parse_ike_proposal("aes256gcm16-prfsha256-x25519-ecp256"),
                         *parse_ike_proposal("aes128gcm16-prfsha256-ecp256")};
  const auto choice = choose_ike(ours, offer_ike(theirs), std::nullopt);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->number, 2);
  EXPECT_EQ(to_string(choice->proposal), "aes256gcm16-prfsha256-x25519");
  // The group that the peer has already computed for saves a round trip.
  EXPECT_EQ(choose_ike(ours, offer_ike(theirs), Group::ecp_256)->proposal.groups.front(), Group::ecp_256);
  const auto accepted = accept_ike(theirs, answer_ike(*choice));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->proposal, choice->proposal);
}

TEST(Selection, AhAndEspAreChosenByTheirProtocol) {
  const std::vector both{*parse_ah_proposal("sha256-esn"), *parse_esp_proposal("aes256gcm16-esn")};
  const std::vector ah{both[0]};
  const std::vector esp{both[1]};
  const wire::SaPayload offer = offer_esp(both, 0xc0000001);
  ASSERT_EQ(offer.proposals.size(), 2U);
  EXPECT_EQ(offer.proposals[0].protocol, wire::Protocol::ah);
  const auto chosen_ah = choose_esp(ah, offer);
  ASSERT_TRUE(chosen_ah);
  EXPECT_EQ(chosen_ah->proposal, ah.front());
  EXPECT_EQ(chosen_ah->number, 1);
  const auto chosen_esp = choose_esp(esp, offer);
  ASSERT_TRUE(chosen_esp);
  EXPECT_EQ(chosen_esp->proposal, esp.front());
  EXPECT_EQ(chosen_esp->number, 2);
  const auto accepted = accept_esp(both, answer_esp(*chosen_ah, 0xd0000001));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->proposal, ah.front());
  // AH has no encryption, and ESP must have one.
  wire::SaPayload confused = offer;
  confused.proposals[0].transforms.push_back(offer.proposals[1].transforms.front());
  EXPECT_FALSE(choose_esp(ah, confused));
  confused = offer;
  std::erase_if(confused.proposals[1].transforms,
                [](const wire::Transform& t) { return t.type == wire::TransformType::encryption; });
  EXPECT_FALSE(choose_esp(esp, confused));
}

// RFC 7634 section 4: no Key Length attribute; one that is there makes another transform.
TEST(Selection, CiphersOfOneSizeSendNoKeyLength) {
  const std::vector ours{*parse_esp_proposal("chacha20poly1305-esn")};
  wire::SaPayload offer = offer_esp(ours, 0xc0000001);
  EXPECT_TRUE(offer.proposals.front().transforms.front().attributes.empty());
  EXPECT_TRUE(choose_esp(ours, offer));
  offer.proposals.front().transforms.front().attributes.push_back(
      {wire::key_length_attribute, true, 256, {}});
  EXPECT_FALSE(choose_esp(ours, offer));
}

TEST(Selection, AnswersOutsideTheOfferAreRefused) {
  const std::vector offered{*parse_ike_proposal("aes256gcm16-prfsha256-x25519-ecp256")};
  const auto answer = [](const char* text, std::uint8_t number) {
    return answer_ike({*parse_ike_proposal(text), number});
  };
  EXPECT_TRUE(accept_ike(offered, answer("aes256gcm16-prfsha256-ecp256", 1)));
  EXPECT_FALSE(accept_ike(offered, answer("aes256gcm16-prfsha256-ecp256", 2)));
  EXPECT_FALSE(accept_ike(offered, answer("aes256gcm16-prfsha256-ecp256", 0)));
  EXPECT_FALSE(accept_ike(offered, answer("aes128gcm16-prfsha256-ecp256", 1)));
  EXPECT_FALSE(accept_ike(offered, answer("aes256gcm16-prfsha256-ecp256-x25519", 1)));
  EXPECT_FALSE(accept_ike(offered, answer("aes256gcm16-aes128gcm16-prfsha256-ecp256", 1)));
  EXPECT_FALSE(accept_ike(offered, wire::SaPayload{}));
  wire::SaPayload twice = answer("aes256gcm16-prfsha256-ecp256", 1);
  twice.proposals.push_back(twice.proposals.front());
  EXPECT_FALSE(accept_ike(offered, twice));
}

TEST(Selection, UnknownThingsMakeATransformOrAProposalUnusable) {
  const std::vector ours{*parse_esp_proposal("aes256gcm16-esn")};
  wire::SaPayload offer = offer_esp(ours, 0xc0000001);
  EXPECT_TRUE(choose_esp(ours, offer));
  wire::SaPayload unknown_kind = offer;
  unknown_kind.proposals.front().transforms.push_back({wire::TransformType{99}, 1, {}});
  EXPECT_FALSE(choose_esp(ours, unknown_kind));
  wire::SaPayload unknown_attribute = offer;
  unknown_attribute.proposals.front().transforms.front().attributes.push_back({99, true, 1, {}});
  EXPECT_FALSE(choose_esp(ours, unknown_attribute));
  wire::SaPayload no_esn = offer;
  no_esn.proposals.front().transforms.pop_back();
  EXPECT_FALSE(choose_esp(ours, no_esn));
  wire::SaPayload reserved_spi = offer_esp(ours, 255);
  EXPECT_FALSE(choose_esp(ours, reserved_spi));
  wire::SaPayload ah = offer;
  ah.proposals.front().protocol = wire::Protocol::ah;
  EXPECT_FALSE(choose_esp(ours, ah));
  // What peers send besides: integrity NONE with an AEAD, a group in IKE_AUTH.
  wire::SaPayload chatty = offer;
  chatty.proposals.front().transforms.push_back({wire::TransformType::integrity, 0, {}});
  chatty.proposals.front().transforms.push_back({wire::TransformType::key_exchange, 31, {}});
  EXPECT_TRUE(choose_esp(ours, chatty));
}

SharedSecret secret(std::string_view value, std::initializer_list<std::string_view> owners) {
  SharedSecret made;
  for (const std::string_view owner : owners) {
    made.owners.push_back(*Identity::parse(owner));
  }
  made.value = Secret(Bytes(value.begin(), value.end()));
  return made;
}

TEST(Secrets, TheMostSpecificOwnersWin) {
  ConfigStore store;
  std::vector<SharedSecret> secrets;
  secrets.push_back(secret("all", {}));
  secrets.push_back(secret("a", {"a"}));
  secrets.push_back(secret("b", {"b"}));
  secrets.push_back(secret("ac", {"a", "c"}));
  store.load_secrets(std::move(secrets));
  const auto found = [&](std::string_view local, std::string_view remote) {
    const Secret* value = store.find_secret(*Identity::parse(local), *Identity::parse(remote));
    return value == nullptr ? std::string("none") : std::string(value->view().begin(), value->view().end());
  };
  EXPECT_EQ(found("a", "c"), "ac");
  EXPECT_EQ(found("a", "b"), "b");
  // Not "ac": that secret is shared with c, who could pass for d with it.
  EXPECT_EQ(found("a", "d"), "a");
  EXPECT_EQ(found("x", "y"), "all");
  store.load_secrets({});
  EXPECT_EQ(found("a", "c"), "none");
}

TEST(Connections, AreCheckedWhenLoaded) {
  test::Network network(1);
  const ConnectionConfig good = test::make_connection(network.a, network.b, true);
  EXPECT_TRUE(check(good));
  ConnectionConfig bad = good;
  bad.name.clear();
  EXPECT_FALSE(check(bad));
  bad = good;
  bad.proposals.clear();
  EXPECT_FALSE(check(bad));
  bad = good;
  bad.proposals.front().groups.clear();
  EXPECT_FALSE(check(bad));
  bad = good;
  bad.children.push_back(bad.children.front());
  EXPECT_NE(check(bad).error().message.find("two children named 'net'"), std::string::npos);
  bad = good;
  bad.children.front().proposals.clear();
  EXPECT_FALSE(check(bad));
}

TEST(Connections, TheNarrowestRemoteRangeComesFirst) {
  ConfigStore store;
  test::Network network(1);
  ConnectionConfig connection = test::make_connection(network.a, network.b, true);
  connection.name = "any";
  connection.remote_addresses = {};
  ASSERT_TRUE(store.load(connection));
  connection.name = "net";
  connection.remote_addresses = {*IpRange::parse("192.0.2.0/24")};
  ASSERT_TRUE(store.load(connection));
  connection.name = "host";
  connection.remote_addresses = {*IpRange::parse("192.0.2.2")};
  ASSERT_TRUE(store.load(connection));
  const auto found = store.find_by_addresses(network.a.address, network.b.address);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]->name, "host");
  EXPECT_EQ(found[1]->name, "net");
  EXPECT_EQ(found[2]->name, "any");
  EXPECT_EQ(store.find_by_addresses(network.a.address, *IpAddress::parse("198.51.100.1")).size(), 1U);
  EXPECT_TRUE(store.find_by_addresses(network.b.address, network.b.address).empty());
}

}  // namespace
}  // namespace espgate::ike
