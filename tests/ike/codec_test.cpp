// The message codec: what it writes it reads back, and no input is too strange for it.
#include <gtest/gtest.h>

#include <random>

#include "base/hex.h"
#include "sample_messages.h"
#include "wire/message.h"

namespace espgate::ike::wire {
namespace {

using test::samples;

TEST(Codec, EverySampleReadsBackAsItWasWritten) {
  for (const auto& sample : samples()) {
    SCOPED_TRACE(sample.name);
    const Bytes bytes = encode_message(sample.message.header, sample.message.payloads);
    const auto decoded = decode_message(bytes, Limits{});
    ASSERT_TRUE(decoded) << name_of(decoded.error());
    EXPECT_EQ(decoded->payloads, sample.message.payloads);
    Header expected = sample.message.header;
    expected.first_payload = first_type(sample.message.payloads);
    EXPECT_EQ(decoded->header, expected);
    EXPECT_EQ(to_hex(encode_message(decoded->header, decoded->payloads)), to_hex(bytes));
  }
}

TEST(Codec, SamplesCoverEveryPayloadType) {
  std::set<PayloadType> seen;
  for (const auto& sample : samples()) {
    for (const Payload& payload : sample.message.payloads) {
      seen.insert(type_of(payload));
    }
  }
  for (int type = 33; type <= 48; ++type) {
    EXPECT_TRUE(seen.contains(PayloadType{static_cast<std::uint8_t>(type)})) << type;
  }
}

TEST(Codec, TruncationAtEveryByteIsRefused) {
  for (const auto& sample : samples()) {
    const Bytes bytes = encode_message(sample.message.header, sample.message.payloads);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(sample.name + " cut to " + std::to_string(size));
      Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(decode_message(cut, Limits{}));
      // The same with a header that agrees with the size, so that the payloads are what is cut.
      if (size >= header_size) {
        store_be32(cut, 24, static_cast<std::uint32_t>(size));
        const auto decoded = decode_message(cut, Limits{});
        EXPECT_TRUE(!decoded || sample.message.payloads.size() == 1);
      }
    }
  }
}

// Whatever is accepted must be something that can be said again.
void expect_total(ByteView bytes) {
  const auto decoded = decode_message(bytes, Limits{});
  if (!decoded) {
    EXPECT_FALSE(name_of(decoded.error()).empty());
    return;
  }
  const Bytes again = encode_message(decoded->header, decoded->payloads);
  EXPECT_EQ(again.size(), bytes.size());
  const auto second = decode_message(again, Limits{});
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, *decoded);
}

TEST(Codec, CorruptionOfEveryByteIsSurvived) {
  for (const auto& sample : samples()) {
    SCOPED_TRACE(sample.name);
    Bytes bytes = encode_message(sample.message.header, sample.message.payloads);
    for (std::uint8_t& byte : bytes) {
      const std::uint8_t good = byte;
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff, good ^ 0x01, good ^ 0x80, good + 1, good - 1}) {
        byte = static_cast<std::uint8_t>(value);
        expect_total(bytes);
      }
      byte = good;
    }
  }
}

TEST(Codec, RandomBytesAreSurvived) {
  std::mt19937_64 engine(7296);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(header_size + engine() % 200);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(engine());
    }
    // Half of them with a header and a first payload that let the parser get further.
    if (round % 2 == 0) {
      bytes[16] = static_cast<std::uint8_t>(33 + engine() % 16);
      store_be32(bytes, 24, static_cast<std::uint32_t>(bytes.size()));
      if (bytes.size() >= header_size + 4) {
        bytes[header_size] = engine() % 2 == 0 ? 0 : static_cast<std::uint8_t>(33 + engine() % 16);
        store_be16(bytes, header_size + 2, static_cast<std::uint16_t>(bytes.size() - header_size));
      }
    }
    expect_total(bytes);
  }
}

TEST(Codec, HeaderLengthMustBeThatOfTheDatagram) {
  Bytes bytes = encode_message(Header{}, {NoncePayload{Bytes(32, 7)}});
  bytes.push_back(0);
  EXPECT_EQ(decode_message(bytes, Limits{}).error(), Reason::header_malformed);
  bytes.resize(27);
  EXPECT_EQ(decode_message(bytes, Limits{}).error(), Reason::header_malformed);
}

TEST(Codec, LimitsHold) {
  Limits limits;
  limits.max_payloads = 3;
  const Payloads four(4, VendorIdPayload{{1, 2, 3}});
  EXPECT_EQ(decode_message(encode_message(Header{}, four), limits).error(), Reason::too_many_payloads);

  limits = {};
  limits.max_message_bytes = 40;
  EXPECT_EQ(decode_message(encode_message(Header{}, four), limits).error(), Reason::message_too_long);

  limits = {};
  limits.max_proposals = 2;
  const Transform esn{TransformType::extended_sequence_numbers, 1, {}};
  const SaPayload three{{{1, Protocol::esp, {1, 2, 3, 4}, {esn}},
                         {2, Protocol::esp, {1, 2, 3, 4}, {esn}},
                         {3, Protocol::esp, {1, 2, 3, 4}, {esn}}}};
  EXPECT_EQ(decode_message(encode_message(Header{}, {three}), limits).error(), Reason::sa_malformed);

  limits = {};
  limits.max_transforms = 1;
  const SaPayload two{{{1, Protocol::esp, {1, 2, 3, 4}, {esn, esn}}}};
  EXPECT_EQ(decode_message(encode_message(Header{}, {two}), limits).error(), Reason::sa_malformed);

  limits = {};
  limits.max_selectors = 1;
  const Selector selector{SelectorType::ipv4_range, 0, 0, 65535, {10, 0, 0, 0}, {10, 0, 0, 255}};
  const TsPayload selectors{PayloadType::ts_initiator, {selector, selector}};
  EXPECT_EQ(decode_message(encode_message(Header{}, {selectors}), limits).error(), Reason::ts_malformed);
}

TEST(Codec, NonceSizesAreThoseOfTheRfc) {
  // RFC 7296 section 3.9.
  for (const auto& [size, good] : {std::pair(15, false), {16, true}, {256, true}, {257, false}}) {
    const auto decoded = decode_message(
        encode_message(Header{}, {NoncePayload{Bytes(static_cast<std::size_t>(size), 1)}}), Limits{});
    EXPECT_EQ(decoded.has_value(), good) << size;
  }
}

TEST(Codec, ReservedAndCriticalBitsOfKnownPayloadsAreIgnored) {
  // RFC 7296 section 3.2: reserved bits are ignored, and so is the critical bit of a payload that is known.
  Bytes bytes = encode_message(Header{}, {NoncePayload{Bytes(32, 7)}});
  bytes[header_size + 1] = 0xff;
  const auto decoded = decode_message(bytes, Limits{});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->payloads, Payloads{NoncePayload{Bytes(32, 7)}});
}

TEST(Codec, EncryptedPayloadMustBeTheLast) {
  Writer body;
  encode_payloads(body, {EncryptedPayload{PayloadType::none, {1, 2, 3}}, VendorIdPayload{{1}}});
  const auto decoded = decode_payloads(PayloadType::encrypted, body.view(), Limits{});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error(), Reason::encrypted_malformed);
}

TEST(Codec, DeleteSizesMustAgree) {
  // Three SPIs announced, two there; an IKE deletion with SPIs; ESP SPIs of another size.
  for (const char* hex :
       {"0304000300000001 00000002", "0108000100000000 00000001", "03080001 0000000000000001"}) {
    std::string digits(hex);
    std::erase(digits, ' ');
    EXPECT_FALSE(DeletePayload::validate(*from_hex(digits), Limits{})) << hex;
  }
  EXPECT_TRUE(DeletePayload::validate(*from_hex("030400020000000100000002"), Limits{}));
  EXPECT_TRUE(DeletePayload::validate(*from_hex("01000000"), Limits{}));
}

TEST(Codec, KnownBytes) {
  // Written out by hand from the figures of RFC 7296 sections 3.1 to 3.3, 3.4, 3.9 and 3.10.
  const Header header{.initiator_spi = 0x0102030405060708, .from_initiator = true};
  const Payloads payloads{
      SaPayload{{{1,
                  Protocol::ike,
                  {},
                  {{TransformType::encryption, 20, {{key_length_attribute, true, 256, {}}}},
                   {TransformType::prf, 5, {}},
                   {TransformType::key_exchange, 31, {}}}}}},
      KePayload{31, {0xaa, 0xbb}}, NoncePayload{Bytes(16, 0x11)},
      NotifyPayload{.notify = NotifyType::cookie, .data = {0xc0}}};
  EXPECT_EQ(to_hex(encode_message(header, payloads)),
            "0102030405060708000000000000000021202208000000000000006b"
            "22000028"
            "00000024010100030300000c01000014800e0100"
            "0300000802000005"
            "000000080400001f"
            "2800000a001f0000aabb"
            "2900001411111111111111111111111111111111"
            "0000000900004006c0");
}

}  // namespace
}  // namespace espgate::ike::wire
