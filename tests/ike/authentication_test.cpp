// IKE_AUTH with certificates, and the choice of the connection by the peer's identity.
#include <gtest/gtest.h>
#include <openssl/objects.h>

#include <functional>

#include "simulated_peers.h"
#include "test_pki.h"
#include "wire/message.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;

// Two ends with certificates of one authority.
class Certificates : public ::testing::Test {
 protected:
  explicit Certificates(const std::string& key_kind = "P-256")
      : root(make_authority("C=CH, O=Example, CN=Root")),
        a(issue({.subject = "C=CH, O=Example, CN=a",
                 .alternative_names = "DNS:a.example.org",
                 .key_kind = key_kind},
                &root)),
        b(issue({.subject = "C=CH, O=Example, CN=b",
                 .alternative_names = "DNS:b.example.org",
                 .key_kind = key_kind},
                &root)) {}

  using Change = std::function<void(ConnectionConfig& a, ConnectionConfig& b)>;
  // Both sides sign, unless `change` says otherwise.
  void prepare(const Change& change = {}) {
    configure(network, [&](ConnectionConfig& x, ConnectionConfig& y) {
      for (ConnectionConfig* connection : {&x, &y}) {
        connection->local_auth.kind = connection->remote_auth.kind = AuthKind::signature;
      }
      if (change) {
        change(x, y);
      }
    });
    give(network.a, a);
    give(network.b, b);
    set_day(pki_now);
  }
  void give(Peer& peer, const Holder& holder) {
    peer.stack->load_credentials({.certificates = {holder.certificate},
                                  .authorities = {root.certificate},
                                  .crls = {},
                                  .keys = {holder.key}});
  }
  void set_day(std::chrono::sys_seconds day) {
    network.a.stack->set_time_of_day(day, network.now);
    network.b.stack->set_time_of_day(day, network.now);
  }
  std::string rejection() {
    const auto rejected = network.b.of(Kind::peer_rejected);
    return rejected.size() == 1 ? rejected.front().reason : std::string("not exactly one rejection");
  }
  std::string failure() {
    const auto failed = network.a.of(Kind::initiate_failed);
    return failed.size() == 1 ? failed.front().reason : std::string("not exactly one failure");
  }
  // B refuses A, and nothing is left on either side.
  void expect_refused_by_b(const char* counter, std::string_view reason) {
    come_up(network);
    EXPECT_EQ(network.b.counter(counter), 1U) << rejection();
    EXPECT_NE(rejection().find(reason), std::string::npos) << rejection();
    EXPECT_NE(failure().find("AUTHENTICATION_FAILED"), std::string::npos) << failure();
    expect_empty(network);
  }

  Network network{1};
  Holder root;
  Holder a;
  Holder b;
};

class EveryKey : public Certificates, public ::testing::WithParamInterface<const char*> {
 protected:
  EveryKey() : Certificates(GetParam()) {}
};

//   A                                                      B
//   IKE_SA_INIT(SA, KE, Ni, N(SIGNATURE_HASH)) ->
//                       <- IKE_SA_INIT(SA, KE, Nr, N(SIGNATURE_HASH), CERTREQ)
//   IKE_AUTH(IDi, CERTREQ, IDr, CERT, AUTH, SA, TS) ->
//                       <- IKE_AUTH(IDr, CERT, AUTH, SA, TS)
TEST_P(EveryKey, ComesUp) {
  prepare();
  const IkeSaId id = come_up(network);
  EXPECT_EQ(network.sent.size(), 4U);
  expect_crosswise(network);
  network.a.stack->terminate_ike(id, network.now);
  network.run();
  expect_empty(network);
}
INSTANTIATE_TEST_SUITE_P(Authentication, EveryKey, ::testing::ValuesIn(key_kinds), [](const auto& param) {
  std::string name = param.param;
  std::erase(name, '-');
  return name;
});

TEST_F(Certificates, HashesAndRequestsAreInTheFirstMessages) {
  prepare();
  come_up(network);
  const auto request = wire::decode_message(network.sent[0].message, {});
  const auto response = wire::decode_message(network.sent[1].message, {});
  EXPECT_NE(wire::find_notify(request->payloads, wire::NotifyType::signature_hash_algorithms), nullptr);
  EXPECT_NE(wire::find_notify(response->payloads, wire::NotifyType::signature_hash_algorithms), nullptr);
  EXPECT_EQ(wire::find<wire::CertRequestPayload>(request->payloads), nullptr);
  const auto* asked = wire::find<wire::CertRequestPayload>(response->payloads);
  ASSERT_NE(asked, nullptr);
  const KeyId hash = public_key_of(root.certificate).info_id();
  EXPECT_EQ(asked->authorities, Bytes(hash.begin(), hash.end()));
}

TEST_F(Certificates, OneSideMaySignAndTheOtherHoldASecret) {
  prepare([](ConnectionConfig& x, ConnectionConfig& y) {
    x.remote_auth.kind = AuthKind::psk;
    y.local_auth.kind = AuthKind::psk;
  });
  come_up(network);
  expect_crosswise(network);
}

TEST_F(Certificates, IntermediatesAreSent) {
  const Holder middle = make_authority("C=CH, O=Example, CN=Middle", &root);
  const Holder below = issue({.subject = "CN=below", .alternative_names = "DNS:a.example.org"}, &middle);
  prepare();
  network.a.stack->load_credentials({.certificates = {below.certificate, middle.certificate},
                                     .authorities = {root.certificate},
                                     .crls = {},
                                     .keys = {below.key}});
  come_up(network);
  expect_crosswise(network);
}

TEST_F(Certificates, TheSubjectIsTheIdentityWhenNoneIsConfigured) {
  prepare([&](ConnectionConfig& x, ConnectionConfig& y) {
    x.local_id = {};
    x.local_auth.certificates = {a.certificate};
    y.remote_id = *IdentityPattern::parse("C=CH, O=Example, CN=*");
  });
  come_up(network);
  expect_crosswise(network);
  EXPECT_EQ(network.b.stack->list().front().remote_id.to_string(), "C=CH, O=Example, CN=a");
}

TEST_F(Certificates, OfAnotherIdentityDoNotStart) {
  prepare();
  give(network.a, issue({.subject = "CN=c", .alternative_names = "DNS:c.example.org"}, &root));
  const auto started = network.a.stack->initiate("site", "net", network.now);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("no certificate of 'a.example.org'"), std::string::npos);
}

TEST_F(Certificates, OfAStrangerAreRefused) {
  prepare();
  const Holder stranger = make_authority("C=CH, O=Example, CN=Root");
  give(network.a, issue({.subject = "CN=x", .alternative_names = "DNS:a.example.org"}, &stranger));
  expect_refused_by_b("certificate_refused", "not trusted");
}

TEST_F(Certificates, AreHeldAgainstTheTimeOfDay) {
  prepare();
  network.b.stack->set_time_of_day(pki_now + std::chrono::days(31), network.now);
  expect_refused_by_b("certificate_refused", "is valid from");
}

TEST_F(Certificates, AreRefusedWhenTheTimeIsUnknown) {
  configure(network, [](ConnectionConfig& x, ConnectionConfig& y) {
    for (ConnectionConfig* connection : {&x, &y}) {
      connection->local_auth.kind = connection->remote_auth.kind = AuthKind::signature;
    }
  });
  give(network.a, a);
  give(network.b, b);
  expect_refused_by_b("certificate_refused", "time of day is not known");
}

TEST_F(Certificates, RevokedOnesAreRefused) {
  prepare();
  network.b.stack->load_credentials({.certificates = {b.certificate},
                                     .authorities = {root.certificate},
                                     .crls = {make_crl(root, {a.certificate})},
                                     .keys = {b.key}});
  expect_refused_by_b("certificate_refused", "revoked");
}

TEST_F(Certificates, ThatWereGoodAreRefusedOnceRevoked) {
  prepare();
  come_up(network);
  ASSERT_EQ(network.a.stack->list().size(), 1U);
  network.a.stack->terminate_ike(network.a.stack->list().front().id, network.now);
  network.run();
  expect_empty(network);
  network.a.events.clear();
  network.b.stack->load_credentials({.certificates = {b.certificate},
                                     .authorities = {root.certificate},
                                     .crls = {make_crl(root, {a.certificate})},
                                     .keys = {b.key}});
  expect_refused_by_b("certificate_refused", "revoked");
}

TEST_F(Certificates, TheConnectionsAuthoritiesAreTheOnlyOnes) {
  const Holder other = make_authority("CN=Other");
  prepare(
      [&](ConnectionConfig& /*x*/, ConnectionConfig& y) { y.remote_auth.authorities = {other.certificate}; });
  expect_refused_by_b("certificate_refused", "not trusted");
}

TEST_F(Certificates, PinnedOnesNeedNoAuthority) {
  const Holder alone = issue({.subject = "CN=alone", .alternative_names = "DNS:a.example.org"});
  prepare([&](ConnectionConfig& /*x*/, ConnectionConfig& y) {
    y.remote_auth.certificates = {alone.certificate};
  });
  give(network.a, alone);
  come_up(network);
  expect_crosswise(network);
}

TEST_F(Certificates, OtherThanThePinnedOneAreRefused) {
  const Holder alone = issue({.subject = "CN=alone", .alternative_names = "DNS:a.example.org"});
  prepare([&](ConnectionConfig& /*x*/, ConnectionConfig& y) {
    y.remote_auth.certificates = {alone.certificate};
  });
  expect_refused_by_b("certificate_refused", "not one of those configured");
}

TEST_F(Certificates, RulesForSignaturesAreHeldTo) {
  prepare([](ConnectionConfig& /*x*/, ConnectionConfig& y) {
    y.remote_auth.rules = *SignatureRules::parse("ecdsa-384-rsa-3072");
  });
  expect_refused_by_b("authentication_failed", "256 bits");
}

TEST_F(Certificates, ASecretDoesNotStandForASignature) {
  prepare([](ConnectionConfig& x, ConnectionConfig& /*y*/) { x.local_auth.kind = AuthKind::psk; });
  expect_refused_by_b("identity_refused", "kind of proof");
}

TEST_F(Certificates, TheInitiatorChecksTheResponderToo) {
  prepare();
  network.a.stack->set_time_of_day(pki_now + std::chrono::days(31), network.now);
  come_up(network);
  EXPECT_EQ(network.a.counter("certificate_refused"), 1U);
  EXPECT_NE(failure().find("is valid from"), std::string::npos);
  expect_empty(network);
}

TEST_F(Certificates, AreSentOnlyWhenAskedFor) {
  prepare([&](ConnectionConfig& x, ConnectionConfig& y) {
    x.send_certificate_request = y.send_certificate_request = false;
  });
  expect_refused_by_b("certificate_refused", "sent no certificate");
}

TEST_F(Certificates, MayAlreadyBeKnown) {
  prepare([&](ConnectionConfig& x, ConnectionConfig& y) {
    x.send_certificate_request = y.send_certificate_request = false;
  });
  for (auto* pair : {&network.a, &network.b}) {
    const Holder& own = pair == &network.a ? a : b;
    pair->stack->load_credentials({.certificates = {a.certificate, b.certificate},
                                   .authorities = {root.certificate},
                                   .crls = {},
                                   .keys = {own.key}});
  }
  come_up(network);
  expect_crosswise(network);
}

// The PAD lookup: IKE_SA_INIT knows the addresses only, IKE_AUTH the identity.
TEST(PadLookup, TheClosestIdentityDecides) {
  Network network(3);
  configure(network);
  const auto load = [&](const char* name, const char* pattern, const char* selector) {
    ConnectionConfig connection = make_connection(network.b, network.a, false);
    connection.name = name;
    connection.remote_id = *IdentityPattern::parse(pattern);
    connection.children.front().remote_ts = {*TrafficSelector::parse(selector)};
    ASSERT_TRUE(network.b.stack->load_connection(std::move(connection)));
  };
  network.b.stack->unload_connection("site");
  load("anybody", "%any", "10.1.0.0/16");
  load("others", "*.example.net", "10.1.0.0/16");
  load("tree", "*.example.org", "10.1.0.0/28");
  load("wide", "%any", "10.1.0.0/16");
  come_up(network);
  ASSERT_EQ(network.b.stack->list().size(), 1U);
  EXPECT_EQ(network.b.stack->list().front().connection, "tree");
  EXPECT_EQ(network.b.handler.installed.begin()->second.remote_ts.front().to_string(), "10.1.0.0/28");
}

TEST(PadLookup, AnEntryLimitsWhatItsPeerMayHave) {
  Network network(4);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.children.front().remote_ts = {*TrafficSelector::parse("10.1.0.0/16")};
    b.allowed_remote = {*IpRange::parse("10.1.0.0/25"), *IpRange::parse("192.168.0.0/16")};
  });
  come_up(network);
  ASSERT_EQ(network.b.handler.installed.size(), 1U);
  EXPECT_EQ(network.b.handler.installed.begin()->second.remote_ts,
            std::vector{*TrafficSelector::parse("10.1.0.0/25")});
  EXPECT_EQ(network.a.handler.installed.begin()->second.local_ts,
            std::vector{*TrafficSelector::parse("10.1.0.0/25")});
}

TEST(PadLookup, NothingIsAllowedOutsideOfTheEntry) {
  Network network(5);
  configure(network, [](ConnectionConfig& /*a*/, ConnectionConfig& b) {
    b.allowed_remote = {*IpRange::parse("192.168.0.0/16")};
  });
  come_up(network);
  EXPECT_TRUE(network.b.handler.installed.empty());
  EXPECT_EQ(network.b.counter("child_ts_unacceptable"), 1U);
}

}  // namespace
}  // namespace espgate::ike::test
