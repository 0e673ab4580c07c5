// Requests in bytes: what the kernel gets, and that what it sends back in the same form is read the same way.
#include "xfrm/encode.h"

#include <gtest/gtest.h>
#include <linux/udp.h>
#include <linux/xfrm.h>

#include <algorithm>
#include <map>

#include "samples.h"
#include "xfrm/decode.h"

namespace espgate::offload::xfrm::testing {
namespace {

using Attributes = std::map<std::uint16_t, ByteView>;

Received received(const Message& message) {
  Received result;
  EXPECT_TRUE(for_each_message(message.view(), [&](const Received& m) { result = m; }));
  return result;
}

template <typename Body>
Attributes attributes_of(const Received& message) {
  Attributes attributes;
  EXPECT_TRUE(for_each_attribute(message.payload.subspan(sizeof(Body)),
                                 [&](std::uint16_t type, ByteView value) { attributes[type] = value; }));
  return attributes;
}

// The state as the kernel would show it.
KernelState shown(const State& state) {
  const Message message = encode_new_state(state);
  EXPECT_TRUE(message.complete());
  const auto decoded = decode_state(received(message));
  EXPECT_TRUE(decoded);
  return decoded.value_or(KernelState{});
}

TEST(XfrmEncode, StateKeepsEveryValue) {
  State state = make_state(gcm_128, 0xc0000001, "2001:db8::1", "2001:db8::2");
  state.direction = driver::Direction::inbound;
  state.mode = driver::Mode::transport;
  state.esn = true;
  state.replay_window = 4096;
  state.sequence = 0x1'2345'6789;
  state.encapsulation = driver::UdpEncapsulation{.source_port = 4500, .destination_port = 1027};
  state.lifetime = {.volume = {.soft_packets = 1, .soft_bytes = 2, .hard_packets = 3, .hard_bytes = 4},
                    .soft_seconds = 5,
                    .hard_seconds = 6};
  state.id.mark = {.value = 7, .mask = 0xff};
  state.if_id = 42;
  state.device = DeviceOffload{.interface = 3, .packet = true};
  const KernelState kernel = shown(state);
  EXPECT_EQ(kernel.id, state.id);
  EXPECT_EQ(kernel.source, state.source);
  EXPECT_EQ(kernel.mode, driver::Mode::transport);
  EXPECT_EQ(kernel.reqid, state.reqid);
  EXPECT_TRUE(kernel.esn);
  EXPECT_EQ(kernel.replay_window, 4096U);
  EXPECT_EQ(kernel.inbound_sequence, 0x1'2345'6789U);
  EXPECT_EQ(kernel.outbound_sequence, 0U);
  EXPECT_EQ(kernel.encapsulation, state.encapsulation);
  EXPECT_EQ(kernel.lifetime, state.lifetime);
  EXPECT_EQ(kernel.if_id, 42U);
  EXPECT_EQ(kernel.encryption, "rfc4106(gcm(aes))");
  EXPECT_EQ(kernel.integrity, "");
  EXPECT_EQ(kernel.device, state.device);
}

TEST(XfrmEncode, OutboundStateStartsAfterItsLastNumber) {
  State state = make_state(cbc_sha256, 0x1000, "192.0.2.1", "192.0.2.2");
  state.sequence = 77;
  const KernelState kernel = shown(state);
  EXPECT_EQ(kernel.outbound_sequence, 77U);
  EXPECT_EQ(kernel.inbound_sequence, 0U);
  EXPECT_EQ(kernel.encryption, "cbc(aes)");
  EXPECT_EQ(kernel.integrity, "hmac(sha256)");
}

// RFC 4868 truncates to 128 bits where the kernel would take 96 by itself.
TEST(XfrmEncode, IcvLengthIsAlwaysNamed) {
  const Message message = encode_new_state(make_state(cbc_sha256, 0x1000, "192.0.2.1", "192.0.2.2"));
  const Received in = received(message);
  const Attributes attributes = attributes_of<xfrm_usersa_info>(in);
  ASSERT_TRUE(attributes.contains(XFRMA_ALG_AUTH_TRUNC));
  const ByteView value = attributes.at(XFRMA_ALG_AUTH_TRUNC);
  ASSERT_EQ(value.size(), sizeof(xfrm_algo_auth) + 32);
  std::uint32_t truncation = 0;
  std::memcpy(&truncation, value.data() + offsetof(xfrm_algo_auth, alg_trunc_len), sizeof(truncation));
  EXPECT_EQ(truncation, 128U);
  EXPECT_TRUE(std::ranges::equal(value.subspan(sizeof(xfrm_algo_auth)), test_key(32, 99).view()));
}

TEST(XfrmEncode, EveryNumberUpToTheSnapshotCountsAsReceived) {
  State state = make_state(gcm_128, 0x1000, "192.0.2.1", "192.0.2.2");
  state.direction = driver::Direction::inbound;
  state.replay_window = 100;
  state.sequence = 1000;
  const Message message = encode_new_state(state);
  const Received in = received(message);
  const ByteView value = attributes_of<xfrm_usersa_info>(in).at(XFRMA_REPLAY_ESN_VAL);
  ASSERT_EQ(value.size(), sizeof(xfrm_replay_state_esn) + 16);
  EXPECT_TRUE(std::ranges::all_of(value.subspan(sizeof(xfrm_replay_state_esn)),
                                  [](std::uint8_t byte) { return byte == 0xff; }));
}

TEST(XfrmEncode, LongestStateFits) {
  State state = make_state({Encryption::aes_cbc, 256, Integrity::hmac_sha2_512_256}, 0x1000, "::1", "::2");
  state.direction = driver::Direction::inbound;
  state.esn = true;
  state.replay_window = largest_xfrm_window;
  state.encapsulation.emplace();
  state.id.mark = {1, 1};
  state.set_mark = Mark{2, 2};
  state.if_id = 1;
  state.tfc_bytes = 1400;
  state.copy_dscp = false;
  state.device.emplace();
  EXPECT_TRUE(encode_new_state(state).complete());
}

TEST(XfrmEncode, MessageThatIsTooLongIsNotComplete) {
  Message message(XFRM_MSG_NEWSA, 0);
  message.put_bytes(1, Bytes(Message::capacity - 100));
  EXPECT_TRUE(message.complete());
  message.put_bytes(2, Bytes(100));
  EXPECT_FALSE(message.complete());
}

TEST(XfrmEncode, PolicyKeepsEveryValue) {
  Policy policy = make_policy(PolicyDirection::forward, "10.2.0.0/16", "10.1.0.0/24", "192.0.2.2",
                              "192.0.2.1", Tag{}.reqid(9));
  policy.id.selector.protocol = 17;
  policy.id.selector.source_port = {.value = 0x1000, .mask = 0xf000};
  policy.id.selector.destination_port = {.value = 53, .mask = 0xffff};
  policy.id.mark = {.value = 3, .mask = 0xf};
  policy.id.if_id = 5;
  policy.templates.front().optional = true;
  policy.templates.push_back(policy.templates.front());
  policy.templates.back().protocol = Protocol::ah;
  policy.templates.back().mode = driver::Mode::transport;
  const Message message = encode_new_policy(policy, false, 0xe5000012);
  const auto kernel = decode_policy(received(message));
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->id, policy.id);
  EXPECT_EQ(kernel->priority, policy.priority);
  EXPECT_FALSE(kernel->block);
  EXPECT_EQ(kernel->templates, policy.templates);
  EXPECT_EQ(kernel->index, 0xe5000012);
}

TEST(XfrmCheck, RefusesWhatTheKernelWouldMeanOtherwise) {
  const auto reason = [](auto change) {
    State state = make_state(gcm_128, 0x1000, "192.0.2.1", "192.0.2.2");
    change(state);
    const auto checked = check(state);
    return checked ? std::string("accepted") : checked.error().message;
  };
  EXPECT_EQ(reason([](State&) {}), "accepted");
  EXPECT_NE(reason([](State& s) { s.id.spi = 255; }).find("reserved"), std::string::npos);
  EXPECT_NE(reason([](State& s) { s.source = address("::1"); }).find("families"), std::string::npos);
  EXPECT_NE(reason([](State& s) { s.encryption_key = test_key(19); }).find("19 bytes"), std::string::npos);
  EXPECT_NE(reason([](State& s) { s.integrity_key = test_key(32); }).find("32 bytes"), std::string::npos);
  EXPECT_NE(reason([](State& s) { s.suite.integrity = Integrity::hmac_sha2_256_128; }).find("one too many"),
            std::string::npos);
  EXPECT_NE(reason([](State& s) { s.suite = {Encryption::aes_cbc, 128, Integrity::none}; }).find("RFC 8221"),
            std::string::npos);
  EXPECT_NE(reason([](State& s) { s.suite.key_bits = 100; }).find("100 bits"), std::string::npos);
  EXPECT_NE(reason([](State& s) { s.id.protocol = Protocol::ah; }).find("AH"), std::string::npos);
  EXPECT_NE(reason([](State& s) {
              s.direction = driver::Direction::inbound;
              s.esn = true;
              s.replay_window = 0;
            }).find("without a replay window"),
            std::string::npos);
  EXPECT_NE(reason([](State& s) {
              s.direction = driver::Direction::inbound;
              s.replay_window = 4097;
            }).find("4097"),
            std::string::npos);
  EXPECT_NE(reason([](State& s) { s.sequence = std::uint64_t{1} << 32; }).find("extended"),
            std::string::npos);
  EXPECT_NE(reason([](State& s) {
              s.mode = driver::Mode::transport;
              s.tfc_bytes = 100;
            }).find("tunnel mode only"),
            std::string::npos);
}

TEST(XfrmCheck, RefusesPoliciesThatLeak) {
  Policy policy = make_policy(PolicyDirection::out, "10.1.0.0/24", "10.2.0.0/24", "192.0.2.1", "192.0.2.2",
                              Tag{}.reqid(1));
  EXPECT_TRUE(check(policy));
  Policy optional = policy;
  optional.templates.front().optional = true;
  EXPECT_FALSE(check(optional));
  Policy bits = policy;
  bits.id.selector.source = {address("10.1.0.1"), 24};
  EXPECT_FALSE(check(bits));
  Policy families = policy;
  families.id.selector.source = prefix("2001:db8::/32");
  EXPECT_FALSE(check(families));
  Policy blocked = policy;
  blocked.block = true;
  EXPECT_FALSE(check(blocked));
}

// Whatever is cut off a message, the parsers say no more than nothing.
TEST(XfrmDecode, IsTotal) {
  const Message state = encode_new_state(make_state(cbc_sha256, 0x1000, "192.0.2.1", "192.0.2.2"));
  const Message policy = encode_new_policy(
      make_policy(PolicyDirection::in, "10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", "192.0.2.2", 1), true, 0);
  for (const Message* message : {&state, &policy}) {
    const Bytes whole(message->view().begin(), message->view().end());
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_EQ(for_each_message(ByteView(whole).first(length), [](const Received&) { FAIL(); }), length == 0)
          << length;
      Received cut;
      std::memcpy(&cut.header, whole.data(), sizeof(nlmsghdr));
      cut.payload = ByteView(whole).first(length).subspan(std::min(length, sizeof(nlmsghdr)));
      // At the end of an attribute the rest is a message with less in it.
      const auto decoded_state = decode_state(cut);
      const auto decoded_policy = decode_policy(cut);
      EXPECT_FALSE(decoded_state && decoded_policy);
      if (length < sizeof(nlmsghdr) + sizeof(xfrm_userpolicy_info)) {
        EXPECT_FALSE(decoded_state || decoded_policy) << length;
      }
    }
  }
}

TEST(XfrmDecode, RefusesNonsense) {
  Message message = encode_new_state(make_state(gcm_128, 0x1000, "192.0.2.1", "192.0.2.2"));
  Bytes bytes(message.view().begin(), message.view().end());
  Received in;
  std::memcpy(&in.header, bytes.data(), sizeof(nlmsghdr));
  in.payload = ByteView(bytes).subspan(sizeof(nlmsghdr));
  ASSERT_TRUE(decode_state(in));
  for (const std::size_t offset : {offsetof(xfrm_usersa_info, family), offsetof(xfrm_usersa_info, mode),
                                   offsetof(xfrm_usersa_info, id) + offsetof(xfrm_id, proto)}) {
    const std::uint8_t before = bytes[sizeof(nlmsghdr) + offset];
    bytes[sizeof(nlmsghdr) + offset] = 200;
    EXPECT_FALSE(decode_state(in)) << offset;
    bytes[sizeof(nlmsghdr) + offset] = before;
  }
}

TEST(XfrmDecode, OwnChangesAreNoEvents) {
  const Message message = encode_new_state(make_state(gcm_128, 0x1000, "192.0.2.1", "192.0.2.2"));
  Received in = received(message);
  in.header.nlmsg_pid = 1234;
  EXPECT_FALSE(decode_event(in, 1234));
  const auto event = decode_event(in, 1235);
  ASSERT_TRUE(event);
  const auto* change = std::get_if<ForeignChange>(&*event);
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(change->what, ForeignChange::What::state_added);
  ASSERT_TRUE(change->state);
  EXPECT_EQ(change->state->spi, 0x1000U);
}

TEST(XfrmAlgorithm, EveryProbedSuiteMakesSense) {
  EXPECT_GE(all_suites().size(), 30U);
  for (const Suite& suite : all_suites()) {
    EXPECT_TRUE(check_suite(suite)) << to_string(suite);
    EXPECT_TRUE(check(make_state(suite, 0x1000, "192.0.2.1", "192.0.2.2"))) << to_string(suite);
  }
  EXPECT_EQ(to_string(cbc_sha256), "aes-cbc-128/hmac-sha2-256-128");
}

}  // namespace
}  // namespace espgate::offload::xfrm::testing
