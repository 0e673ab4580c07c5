#include <gtest/gtest.h>

#include <random>

#include "base/hex.h"
#include "vici/message.h"
#include "vici/packet.h"

namespace espgate::host::vici {
namespace {

Message sample() {
  Message message;
  message.set("key1", "value1").set_number("number", 18446744073709551615U).set("empty", "");
  Message& section = message.section("section1");
  section.section("sub-section").set("key2", "value2");
  section.set_list("list1", {"item1", "item2", ""});
  message.set_list("none", {});
  message.section("hollow");
  return message;
}

// The wire bytes by hand, as the format says: type, u8-counted name, u16-counted value.
TEST(ViciCodec, WritesTheElementEncoding) {
  Message message;
  message.set("k", "v");
  message.section("s").set_list("l", {"i"});
  EXPECT_EQ(to_hex(*encode(message)),
            "03016b000176"  // k = v
            "010173"        // s {
            "04016c"        //   l = [
            "05000169"      //     i
            "06"            //   ]
            "02");          // }
  EXPECT_EQ(*decode(*encode(message)), message);
}

TEST(ViciCodec, RoundTrips) {
  const Message message = sample();
  const auto decoded = decode(*encode(message));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, message);
  EXPECT_EQ(decoded->value("number"), "18446744073709551615");
  EXPECT_EQ(decoded->find_section("section1")->find_section("sub-section")->value("key2"), "value2");
  EXPECT_EQ(decoded->find_section("section1")->find_list("list1")->size(), 3U);
  EXPECT_EQ(decoded->find("section1"), nullptr);
  EXPECT_EQ(decoded->find_list("key1"), nullptr);
  EXPECT_EQ(decoded->value("absent"), "");
  EXPECT_TRUE(decode({})->empty());
}

// A cut message is an error, unless the cut falls between two top-level elements: then it is a shorter
// message.
TEST(ViciCodec, RefusesTruncationAtEveryByte) {
  const Bytes bytes = *encode(sample());
  std::size_t whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode(ByteView(bytes).first(size));
    if (decoded) {
      ++whole;
      EXPECT_EQ(*encode(*decoded), Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
  EXPECT_EQ(whole, 6U);  // of 0 to 5 of the six elements
}

TEST(ViciCodec, RefusesWhatTheFormatDoesNotAllow) {
  const auto error = [](std::string_view hex) {
    const auto decoded = decode(*from_hex(hex));
    return decoded ? std::string("(accepted)") : decoded.error().message;
  };
  EXPECT_EQ(error("00"), "vici message: an element of unknown type");
  EXPECT_EQ(error("07016b"), "vici message: an element of unknown type");
  EXPECT_EQ(error("010173"), "vici message: a section is not closed");
  EXPECT_EQ(error("02"), "vici message: the end of a section that was not opened");
  EXPECT_EQ(error("05000169"), "vici message: a list item or end outside of a list");
  EXPECT_EQ(error("06"), "vici message: a list item or end outside of a list");
  EXPECT_EQ(error("04016c04016d0606"), "vici message: something else than items in a list");
  EXPECT_EQ(error("04016c03016b0000"), "vici message: something else than items in a list");
  EXPECT_EQ(error("04016c02"), "vici message: something else than items in a list");
  EXPECT_EQ(error("03000000"), "vici message: an empty name");
  EXPECT_EQ(error("03016b000003016b0000"), "vici message: a name stands twice in a section");
  EXPECT_EQ(error("010173"
                  "03016b0000"
                  "01016b02"
                  "02"),
            "vici message: a name stands twice in a section");
}

TEST(ViciCodec, BoundsNesting) {
  Bytes bytes;
  for (std::size_t i = 0; i <= max_section_depth; ++i) {
    bytes.insert(bytes.end(), {1, 1, 's'});
  }
  bytes.insert(bytes.end(), max_section_depth + 1, 2);
  EXPECT_EQ(decode(bytes).error().message, "vici message: sections are nested too deep");

  Message message;
  Message* inner = &message;
  for (std::size_t i = 0; i < max_section_depth; ++i) {
    inner = &inner->section("s");
  }
  EXPECT_TRUE(decode(*encode(message)));
  inner->section("s");
  EXPECT_EQ(encode(message).error().message, "vici message: sections are nested too deep");
}

TEST(ViciCodec, RefusesToWriteWhatDoesNotFit) {
  EXPECT_EQ(encode(Message().set("", "x")).error().message,
            "vici message: a name of 0 bytes, 1 to 255 are possible");
  EXPECT_TRUE(encode(Message().set(std::string(255, 'n'), std::string(65535, 'v'))));
  EXPECT_FALSE(encode(Message().set(std::string(256, 'n'), "")));
  EXPECT_EQ(encode(Message().set("n", std::string(65536, 'v'))).error().message,
            "vici message: the value of 'n' has 65536 bytes, at most 65535 are possible");
}

TEST(ViciCodec, IsTotalOnRandomAndCorruptedBytes) {
  std::mt19937 random(7);
  const Bytes good = *encode(sample());
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = good;
    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (const auto decoded = decode(bytes)) {
      EXPECT_EQ(*encode(*decoded), bytes);
    }
    Bytes noise(random() % 40);
    for (auto& byte : noise) {
      byte = static_cast<std::uint8_t>(random() % 8);
    }
    if (const auto decoded = decode(noise)) {
      EXPECT_EQ(*encode(*decoded), noise);
    }
  }
}

TEST(ViciPacket, RoundTripsEveryType) {
  const auto round_trip = [](const Packet& packet) {
    const Bytes segment = *encode_segment(packet);
    EXPECT_EQ(*decode_segment_length(segment), segment.size() - segment_header_bytes);
    const auto decoded = decode_packet(ByteView(segment).subspan(segment_header_bytes));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, packet);
  };
  round_trip({PacketType::command_request, "list-sas", sample()});
  round_trip({PacketType::command_response, {}, sample()});
  round_trip({PacketType::command_unknown, {}, {}});
  round_trip({PacketType::event_register, "list-sa", {}});
  round_trip({PacketType::event_unregister, "list-sa", {}});
  round_trip({PacketType::event_confirm, {}, {}});
  round_trip({PacketType::event_unknown, {}, {}});
  round_trip({PacketType::event, "list-sa", sample()});
}

TEST(ViciPacket, KnowsItsWireBytes) {
  EXPECT_EQ(to_hex(*encode_segment({PacketType::command_request, "stats", {}})),
            "00000007000573746174"
            "73");
}

TEST(ViciPacket, RefusesMalformedPacketsAndLengths) {
  const auto error = [](std::string_view hex) { return decode_packet(*from_hex(hex)).error().message; };
  EXPECT_EQ(error(""), "vici packet: unknown type");
  EXPECT_EQ(error("08"), "vici packet: unknown type");
  EXPECT_EQ(error("000573"), "vici packet: it ends within the name, or the name is empty");
  EXPECT_EQ(error("0000"), "vici packet: it ends within the name, or the name is empty");
  EXPECT_EQ(error("0500"), "vici packet: bytes after a packet without message");
  EXPECT_EQ(error("0301730a"), "vici packet: bytes after a packet without message");
  EXPECT_EQ(error("0102"), "vici message: the end of a section that was not opened");
  EXPECT_FALSE(decode_segment_length(*from_hex("00000000")));
  EXPECT_FALSE(decode_segment_length(*from_hex("00080001")));
  EXPECT_EQ(*decode_segment_length(*from_hex("00080000")), max_segment_bytes);
  EXPECT_FALSE(encode_segment({PacketType::event_register, "", {}}));
}

TEST(ViciPacket, RefusesToBuildASegmentThatIsTooLong) {
  Message message;
  for (int i = 0; i < 9; ++i) {
    message.set("key" + std::to_string(i), std::string(65000, 'x'));
  }
  EXPECT_FALSE(encode_segment({PacketType::command_response, {}, message}));
}

}  // namespace
}  // namespace espgate::host::vici
