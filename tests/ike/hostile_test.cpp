// What a peer that holds the keys can send against the rules: each is something that some daemon got wrong.
#include <gtest/gtest.h>

#include <algorithm>

#include "hostile_peer.h"
#include "negotiation/proposal_selection.h"

namespace espgate::ike::test {
namespace {

using Kind = Event::Kind;
using wire::ExchangeType;
using wire::NotifyPayload;
using wire::NotifyType;
using wire::PayloadType;

class Hostile : public ::testing::Test {
 protected:
  void SetUp() override {
    configure(network);
    peer.init();
  }
  void TearDown() override {
    network.b.stack->shut_down(network.now);
    network.run();
    EXPECT_TRUE(network.b.is_empty());
  }
  void authenticate() {
    ASSERT_TRUE(peer.authenticate());
    ASSERT_EQ(network.b.handler.installed.size(), 1U);
  }
  bool established() const {
    const auto views = network.b.stack->list();
    return views.size() == 1 && views.front().state == IkeSaState::established;
  }
  static bool says(const std::optional<wire::Payloads>& answer, NotifyType type) {
    return answer && wire::find_notify(*answer, type) != nullptr;
  }
  static wire::Payloads rekey_ike(std::uint64_t spi, std::size_t ke_size = 32) {
    const std::vector proposals{*parse_ike_proposal("aes256gcm16-prfsha256-x25519")};
    Bytes value(ke_size, 9);
    return {offer_ike(proposals, spi), wire::NoncePayload{Bytes(32, 1)},
            wire::KePayload{31, std::move(value)}};
  }
  static wire::Payloads further_child(std::uint32_t spi) {
    wire::Payloads payloads = HostilePeer::child_offer(spi);
    payloads.insert(payloads.begin() + 1, wire::NoncePayload{Bytes(32, 7)});
    return payloads;
  }

  Network network{1};
  HostilePeer peer{network};
};

TEST_F(Hostile, NothingButIkeAuthBeforeAuthentication) {
  for (const wire::Payloads& payloads : {rekey_ike(5), further_child(0xbbbb0001)}) {
    EXPECT_FALSE(peer.request(ExchangeType::create_child_sa, payloads));
  }
  for (const wire::Payloads& payloads :
       {wire::Payloads{}, wire::Payloads{wire::DeletePayload::ike_sa()},
        wire::Payloads{NotifyPayload{.notify = NotifyType::authentication_failed}}}) {
    EXPECT_FALSE(peer.request(ExchangeType::informational, payloads));
  }
  EXPECT_EQ(network.b.counter("exchange_unexpected"), 5U);
  EXPECT_EQ(network.b.stack->list().front().state, IkeSaState::connecting);
  EXPECT_TRUE(network.b.handler.installed.empty());
  authenticate();
  EXPECT_TRUE(established());
}

TEST_F(Hostile, IkeAuthAgainAfterIt) {
  authenticate();
  EXPECT_FALSE(peer.authenticate());
  EXPECT_EQ(network.b.handler.installations, 1U);
}

TEST_F(Hostile, UnknownPayloads) {
  EXPECT_TRUE(says(peer.authenticate({wire::UnknownPayload{PayloadType{200}, true, {1, 2, 3}}}),
                   NotifyType::unsupported_critical_payload));
  EXPECT_TRUE(network.b.stack->list().empty());
  EXPECT_TRUE(network.b.handler.installed.empty());
}

TEST_F(Hostile, UnknownPayloadsThatAreNotCritical) {
  EXPECT_TRUE(
      peer.authenticate({wire::UnknownPayload{PayloadType{200}, false, {1, 2, 3}},
                         wire::NotifyPayload{.notify = NotifyType{40000}},
                         wire::NotifyPayload{.notify = NotifyType::set_window_size, .data = {0, 0, 0, 9}},
                         wire::VendorIdPayload{Bytes(300, 1)}}));
  EXPECT_TRUE(established());
  // In an established one a critical one is refused, and nothing else happens.
  const auto answer =
      peer.request(ExchangeType::informational,
                   {wire::UnknownPayload{PayloadType{201}, true, {}}, wire::DeletePayload::ike_sa()});
  ASSERT_TRUE(says(answer, NotifyType::unsupported_critical_payload));
  EXPECT_EQ(wire::find_notify(*answer, NotifyType::unsupported_critical_payload)->data, Bytes{201});
  EXPECT_TRUE(established());
}

// RFC 7296 section 2.21.3: the sender is told, and both ends are through with each other.
TEST_F(Hostile, MalformedPayloadsInsideAnAuthenticMessage) {
  authenticate();
  const Bytes bad_ts{0, 0, 0, 12, 1, 0, 0, 0, 7, 0, 0, 99};
  EXPECT_TRUE(says(peer.request_bytes(ExchangeType::create_child_sa, PayloadType::ts_initiator, bad_ts),
                   NotifyType::invalid_syntax));
  EXPECT_TRUE(network.b.stack->list().empty());
  EXPECT_TRUE(network.b.handler.installed.empty());
}

TEST_F(Hostile, AChainThatRunsOutOfTheMessage) {
  authenticate();
  for (const Bytes& inner : {Bytes{0, 0, 0, 3}, Bytes{41, 0, 0, 4}, Bytes{0, 0, 255, 255}}) {
    if (!established()) {
      break;
    }
    EXPECT_TRUE(says(peer.request_bytes(ExchangeType::informational, PayloadType::notify, inner),
                     NotifyType::invalid_syntax));
  }
  EXPECT_TRUE(network.b.stack->list().empty());
}

TEST_F(Hostile, CreateChildSaWithoutWhatItNeeds) {
  for (std::size_t missing = 0; missing < 4; ++missing) {
    SCOPED_TRACE(missing);
    Network other(2 + missing);
    configure(other);
    HostilePeer hostile(other);
    hostile.init();
    ASSERT_TRUE(hostile.authenticate());
    wire::Payloads payloads = further_child(0xbbbb0001);
    payloads.erase(payloads.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_TRUE(says(hostile.request(ExchangeType::create_child_sa, payloads), NotifyType::invalid_syntax));
    EXPECT_TRUE(other.b.stack->list().empty());
    EXPECT_TRUE(other.b.handler.installed.empty());
    EXPECT_TRUE(other.b.handler.reserved.empty());
  }
}

// Protocol 0, and everything else that names no Child SA.
TEST_F(Hostile, RekeySaThatNamesNothing) {
  authenticate();
  Writer writer;
  writer.u32(HostilePeer::own_child_spi);
  const Bytes spi = std::move(writer).finish();
  for (const auto& [protocol, value] : {std::pair(wire::Protocol::none, spi),
                                        {wire::Protocol::ike, spi},
                                        {wire::Protocol::ah, spi},
                                        {wire::Protocol{77}, spi},
                                        {wire::Protocol::esp, Bytes{}},
                                        {wire::Protocol::esp, Bytes(8, 1)},
                                        {wire::Protocol::esp, Bytes(4, 1)},
                                        {wire::Protocol::none, Bytes{}}}) {
    wire::Payloads payloads = further_child(0xbbbb0001);
    payloads.insert(payloads.begin(),
                    NotifyPayload{.protocol = protocol, .spi = value, .notify = NotifyType::rekey_sa});
    EXPECT_TRUE(says(peer.request(ExchangeType::create_child_sa, payloads), NotifyType::child_sa_not_found));
    EXPECT_TRUE(established());
    EXPECT_EQ(network.b.handler.installed.size(), 1U);
  }
  EXPECT_EQ(network.b.counter("child_sa_not_found"), 8U);
}

TEST_F(Hostile, ReplacesTheSameChildAgainAndAgain) {
  authenticate();
  for (std::uint32_t i = 0; i < 20; ++i) {
    Writer writer;
    writer.u32(HostilePeer::own_child_spi);
    wire::Payloads payloads = further_child(0xbbbb0001 + i);
    payloads.insert(payloads.begin(), NotifyPayload{.protocol = wire::Protocol::esp,
                                                    .spi = std::move(writer).finish(),
                                                    .notify = NotifyType::rekey_sa});
    const auto answer = peer.request(ExchangeType::create_child_sa, payloads);
    EXPECT_EQ(says(answer, NotifyType::temporary_failure), i != 0);
  }
  EXPECT_EQ(network.b.handler.installed.size(), 2U);
}

TEST_F(Hostile, AsksForMoreChildrenThanAreAllowed) {
  authenticate();
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto answer = peer.request(ExchangeType::create_child_sa, further_child(0xbbbb0001 + i));
    EXPECT_EQ(says(answer, NotifyType::no_additional_sas), i >= Limits{}.max_children - 1);
  }
  EXPECT_EQ(network.b.handler.installed.size(), Limits{}.max_children);
  EXPECT_TRUE(established());
}

TEST_F(Hostile, RekeysTheIkeSaWithNonsense) {
  authenticate();
  // SPI 0, SPIs of other sizes, a group that was not offered, another value size.
  EXPECT_TRUE(
      says(peer.request(ExchangeType::create_child_sa, rekey_ike(0)), NotifyType::no_proposal_chosen));
  wire::Payloads short_spi = rekey_ike(5);
  std::get<wire::SaPayload>(short_spi.front()).proposals.front().spi = Bytes(4, 1);
  EXPECT_TRUE(says(peer.request(ExchangeType::create_child_sa, short_spi), NotifyType::no_proposal_chosen));
  wire::Payloads group = rekey_ike(5);
  std::get<wire::KePayload>(group.back()).group = 19;
  EXPECT_TRUE(says(peer.request(ExchangeType::create_child_sa, group), NotifyType::invalid_ke_payload));
  EXPECT_TRUE(established());
  EXPECT_TRUE(
      says(peer.request(ExchangeType::create_child_sa, rekey_ike(5, 31)), NotifyType::invalid_syntax));
  EXPECT_TRUE(network.b.stack->list().empty());
}

TEST_F(Hostile, RekeysTheIkeSaWithAPublicValueOfZero) {
  authenticate();
  wire::Payloads zero = rekey_ike(5);
  std::ranges::fill(std::get<wire::KePayload>(zero.back()).data, std::uint8_t{0});
  EXPECT_TRUE(says(peer.request(ExchangeType::create_child_sa, zero), NotifyType::invalid_syntax));
  EXPECT_EQ(network.b.counter("public_value_refused"), 1U);
  EXPECT_TRUE(network.b.stack->list().empty());
}

TEST_F(Hostile, ReplacesTheIkeSaAndNeverComesBack) {
  authenticate();
  ASSERT_TRUE(peer.request(ExchangeType::create_child_sa, rekey_ike(5)));
  // A second replacement of what is replaced: no.
  EXPECT_TRUE(says(peer.request(ExchangeType::create_child_sa, rekey_ike(6)), NotifyType::temporary_failure));
  EXPECT_EQ(network.b.stack->list().size(), 2U);
  network.run(std::chrono::minutes(10));
  EXPECT_EQ(network.b.stack->list().size(), 1U) << "what was replaced is deleted by us in the end";
}

TEST_F(Hostile, DeletesWhatIsNotThere) {
  authenticate();
  const auto answer = peer.request(
      ExchangeType::informational,
      {wire::DeletePayload::esp({1, 2, 3, peer.peer_child_spi()}), wire::DeletePayload::esp({})});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->empty());
  EXPECT_EQ(network.b.handler.installed.size(), 1U);
  EXPECT_TRUE(established());
  // The same one twice in one message: once.
  const auto twice =
      peer.request(ExchangeType::informational,
                   {wire::DeletePayload::esp({HostilePeer::own_child_spi, HostilePeer::own_child_spi})});
  ASSERT_TRUE(twice);
  EXPECT_EQ(wire::find<wire::DeletePayload>(*twice)->spi_values(), std::vector{peer.peer_child_spi()});
  EXPECT_TRUE(network.b.handler.installed.empty());
}

TEST_F(Hostile, AnswersARekeyingWithNonsense) {
  const wire::Payloads good = [] {
    wire::Payloads payloads = further_child(0xcccc0001);
    return payloads;
  }();
  for (int kind = 0; kind < 5; ++kind) {
    SCOPED_TRACE(kind);
    Network other(20);
    configure(other);
    HostilePeer hostile(other);
    hostile.init();
    ASSERT_TRUE(hostile.authenticate());
    const ChildSaId old = other.b.handler.senders.back();
    ASSERT_TRUE(other.b.stack->rekey_child(old, other.now));
    other.collect();
    const auto asked = hostile.asked();
    ASSERT_TRUE(asked);
    wire::Payloads answer = good;
    // What B offered was from B: the selectors stand the other way round.
    std::swap(std::get<wire::TsPayload>(answer[2]).selectors, std::get<wire::TsPayload>(answer[3]).selectors);
    switch (kind) {
      case 0:
        answer.clear();
        break;
      case 1:
        answer.erase(answer.begin() + 1);  // no nonce
        break;
      case 2:
        std::get<wire::TsPayload>(answer[2]).selectors.front().first_address = {0, 0, 0, 0};  // wider
        break;
      case 3:
        std::get<wire::SaPayload>(answer[0]).proposals.front().spi = {0, 0, 0, 5};  // a reserved SPI
        break;
      default:
        std::get<wire::SaPayload>(answer[0]).proposals.front().number = 9;
    }
    hostile.answer(*asked, answer);
    EXPECT_EQ(other.b.counter("child_answer_unusable"), 1U);
    EXPECT_EQ(other.b.of(Kind::rekey_failed).size(), 1U);
    EXPECT_EQ(other.b.handler.senders, std::vector{old});
    // What the peer may have made of it is deleted there.
    const auto deletion = hostile.asked();
    ASSERT_TRUE(deletion);
    EXPECT_NE(wire::find<wire::DeletePayload>(deletion->payloads), nullptr);
  }
}

TEST_F(Hostile, AnswersAnIkeRekeyingWithNonsense) {
  authenticate();
  ASSERT_TRUE(network.b.stack->rekey_ike(network.b.stack->list().front().id, network.now));
  network.collect();
  const auto asked = peer.asked();
  ASSERT_TRUE(asked);
  peer.answer(*asked, rekey_ike(0));
  // The peer may have moved everything to keys that we do not have: there is nothing to go on with.
  EXPECT_EQ(network.b.stack->list().front().state, IkeSaState::deleting);
}

}  // namespace
}  // namespace espgate::ike::test
