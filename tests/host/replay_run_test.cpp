// Captures in, captures out, on the software engine; tests/e2e/replay does it on both engines, against
// tshark.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "replay/capture.h"
#include "replay/replay.h"
#include "temp_dir.h"

namespace espgate::host::replay {
namespace {

using driver::Direction;

Bytes bytes(const std::string& hex) {
  return from_hex(hex).value();
}

const Bytes ping = bytes("4500001c00010000400100000a0100010a0200010800f7fe00000001");

TEST(LinkType, EthernetAndItsTags) {
  const std::string addresses = "020000000001020000000002";
  EXPECT_EQ(to_hex(*ip_packet(DLT_EN10MB, bytes(addresses + "0800" + "45aa"))), "45aa");
  EXPECT_EQ(to_hex(*ip_packet(DLT_EN10MB, bytes(addresses + "88a80001" + "81000002" + "86dd" + "60"))), "60");
  EXPECT_FALSE(ip_packet(DLT_EN10MB, bytes(addresses + "0806" + "0001")));
  EXPECT_FALSE(ip_packet(DLT_EN10MB, bytes(addresses + "0800"))) << "nothing behind it";
  EXPECT_FALSE(ip_packet(DLT_EN10MB, bytes(addresses + "8100"))) << "cut within the tag";
  EXPECT_FALSE(ip_packet(DLT_EN10MB, {}));
}

TEST(LinkType, BareAndCooked) {
  EXPECT_EQ(to_hex(*ip_packet(DLT_RAW, bytes("4512"))), "4512");
  EXPECT_FALSE(ip_packet(DLT_RAW, {}));
  EXPECT_EQ(to_hex(*ip_packet(DLT_LINUX_SLL, bytes("00000001000602000000000100000800"
                                                   "4534"))),
            "4534");
  EXPECT_FALSE(ip_packet(DLT_LINUX_SLL, bytes("00000001000602000000000100000806"
                                              "0001")));
  EXPECT_EQ(to_hex(*ip_packet(DLT_LINUX_SLL2, bytes("86dd000000000002000100060200000000010000"
                                                    "6056"))),
            "6056");
  EXPECT_FALSE(ip_packet(DLT_LINUX_SLL2, bytes("86dd0000000000020001000602000000")));
  EXPECT_FALSE(ip_packet(DLT_USB_LINUX, bytes("45")));
}

class Replay : public ::testing::Test {
 protected:
  std::string capture(const std::string& name, const std::vector<Bytes>& packets) const {
    auto writer = CaptureWriter::create(folder.path(name));
    EXPECT_TRUE(writer);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      writer->write({.tv_sec = static_cast<time_t>(i), .tv_usec = 123456789}, packets[i]);
    }
    EXPECT_TRUE(writer->finish());
    return folder.path(name);
  }
  static std::vector<std::string> packets_in(const std::string& path) {
    std::vector<std::string> packets;
    auto reader = CaptureReader::open(path);
    EXPECT_TRUE(reader) << reader.error().message;
    while (true) {
      const auto frame = reader->next();
      EXPECT_TRUE(frame) << frame.error().message;
      if (!frame || !*frame) {
        return packets;
      }
      EXPECT_EQ((*frame)->time.tv_usec, 123456789) << "nanoseconds survive";
      packets.push_back(to_hex((*frame)->bytes));
    }
  }
  Expected<Report> replay(Direction direction, const std::string& sa_file, const std::string& input,
                          const std::string& output) const {
    auto engine = driver::make_software_engine({.outbound_sas = 16, .inbound_sas = 16});
    EXPECT_TRUE(engine);
    return run(**engine, {.direction = direction,
                          .sa_file = folder.write("sas", sa_file),
                          .sa_defaults = {},
                          .input = input,
                          .output = folder.path(output)});
  }

  TempDir folder;
  const std::string sas = R"({"sas": [{"spi": 4097, "source": "192.0.2.1", "destination": "192.0.2.2",
      "key": "0102030405060708090a0b0c0d0e0f1011121314"}]})";
};

TEST_F(Replay, ThereAndBackAndNotTwice) {
  const std::string plain = capture("plain.pcap", std::vector<Bytes>(700, ping));
  const auto out = replay(Direction::outbound, sas, plain, "esp.pcap");
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->counters.packets_out, 700U);
  EXPECT_EQ(out->sas.at(0).outbound->next_sequence, 701U);
  const auto in = replay(Direction::inbound, sas, folder.path("esp.pcap"), "back.pcap");
  ASSERT_TRUE(in) << in.error().message;
  EXPECT_EQ(in->sas.at(0).inbound->replay_top, 700U);
  EXPECT_EQ(packets_in(folder.path("back.pcap")), std::vector<std::string>(700, to_hex(ping)));
  EXPECT_FALSE(in->cycles) << "the software engine has no clock";
}

TEST_F(Replay, NamesWhatIsDropped) {
  const std::string plain = capture("plain.pcap", {ping, ping});
  ASSERT_TRUE(replay(Direction::outbound, sas, plain, "esp.pcap"));
  std::vector<Bytes> packets;
  for (const std::string& packet : packets_in(folder.path("esp.pcap"))) {
    packets.push_back(bytes(packet));
  }
  packets.push_back(packets[0]);
  packets.push_back(packets[1]);
  packets.back().back() ^= 1U;  // a replay too, but the number is looked at first
  packets.insert(packets.begin(), bytes("45"));
  const auto in = replay(Direction::inbound, sas, capture("bad.pcap", packets), "back.pcap");
  ASSERT_TRUE(in) << in.error().message;
  EXPECT_EQ(packets_in(folder.path("back.pcap")).size(), 2U);
  ASSERT_EQ(in->dropped.size(), 3U);
  EXPECT_EQ(in->dropped[0].frame, 1U);
  EXPECT_EQ(in->dropped[0].why, "header_malformed");
  EXPECT_EQ(in->dropped[1].frame, 4U);
  EXPECT_EQ(in->dropped[1].why, "replay_duplicate");
  const auto json = nlohmann::json::parse(to_json(*in));
  EXPECT_EQ(json["verdicts"], nlohmann::json({{"header_malformed", 1}, {"ok", 2}, {"replay_duplicate", 2}}));
  EXPECT_EQ(json["sas"][0]["replay_duplicate"], 2);
  EXPECT_NE(to_text(*in).find("frame 4: replay_duplicate"), std::string::npos) << to_text(*in);
}

TEST_F(Replay, OutboundWithoutAnSaIsSaid) {
  const std::string narrow = R"({"sas": [{"spi": 1, "source": "192.0.2.1", "destination": "192.0.2.2",
      "key": "0102030405060708090a0b0c0d0e0f1011121314", "selectors": {"source": "10.9.0.0/16"}}]})";
  const auto out = replay(Direction::outbound, narrow, capture("plain.pcap", {ping}), "esp.pcap");
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->no_sa, 1U);
  EXPECT_EQ(out->dropped.at(0).why, "no_sa");
  EXPECT_TRUE(out->sas.empty()) << "what no packet needs is not programmed";
}

TEST_F(Replay, AnSaThatTheEngineRefusesEndsIt) {
  const std::string wrong = R"({"sas": [{"spi": 1, "source": "192.0.2.1", "destination": "2001:db8::1",
      "key": "0102030405060708090a0b0c0d0e0f1011121314"}]})";
  const auto out = replay(Direction::outbound, wrong, capture("plain.pcap", {ping}), "esp.pcap");
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().message.find("SA 0x00000001"), std::string::npos) << out.error().message;
}

TEST_F(Replay, WhereTheOutputCannotBeWritten) {
  const auto out = replay(Direction::outbound, sas, capture("plain.pcap", {ping}), "no/such/folder.pcap");
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().message.find("no/such/folder.pcap"), std::string::npos) << out.error().message;
}

}  // namespace
}  // namespace espgate::host::replay
