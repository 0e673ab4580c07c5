// Inbound packets made by OpenSSL, and every verdict by a directed packet.
#include <gtest/gtest.h>

#include <functional>

#include "base/checksum.h"
#include "base/hex.h"
#include "bench.h"

namespace espgate::sim::test {
namespace {

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

class InboundTest : public testing::Test {
 protected:
  InboundTest() { bench.add(9, sa); }
  std::uint8_t verdict(Bytes frame) { return bench.one(Side::inbound, {}, std::move(frame)).done.verdict; }
  Bytes next(ByteView inner, std::uint8_t outer_tos = 0) { return sa.packet(++sequence, inner, outer_tos); }
  // A packet whose ESP was changed before it was sealed.
  Bytes sealed(const std::function<void(Esp&)>& change, ByteView payload) {
    Esp esp = sa.esp(++sequence);
    change(esp);
    return sa.outer(esp.build(payload));
  }

  Bench bench;
  InboundSa sa;
  std::uint64_t sequence = 0;
};

TEST(Inbound, EveryLengthComesOutAsItWentIn) {
  Bench bench;
  std::vector<InboundSa> sas(4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    sas[i].spi = 0x0100 * i + 0x3000;
    sas[i].key = Bytes(i % 2 == 0 ? 16 : 32, static_cast<std::uint8_t>(0x31 + i));
    sas[i].esn = i >= 2;
    sas[i].encapsulated = i == 1 || i == 2;
    bench.add(10 + i, sas[i], i);
  }
  std::vector<std::size_t> sizes;
  for (std::size_t size = 20; size <= 20 + 4 * 140; ++size) {
    sizes.push_back(size);
  }
  for (const std::size_t size : {1400U, 1500U, 4095U, 4096U, 8999U, 9000U, 16000U}) {
    sizes.push_back(size);
  }
  std::array<std::uint64_t, 4> sequence{};
  for (std::size_t round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::size_t k = (i + round) % 4;
      // IP options move the ciphertext by words; encapsulated, five words are the most that fit.
      const std::size_t options = (i / 4) % (sas[k].encapsulated ? 6 : 8);
      bench.send(Side::inbound, {},
                 sas[k].outer(sas[k].esp(++sequence[k]).build(udp_packet(sizes[i])), 0, options));
    }
    const auto results = bench.collect(Side::inbound, sizes.size());
    ASSERT_EQ(results.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      ASSERT_EQ(results[i].done.verdict, ok) << sizes[i];
      ASSERT_EQ(results[i].done.sa, 10 + (i + round) % 4);
      ASSERT_EQ(to_hex(results[i].bytes), to_hex(udp_packet(sizes[i])));
    }
  }
}

TEST_F(InboundTest, LinkAndTrafficFlowPaddingAreTrimmed) {
  const Bytes inner = udp_packet(60);
  for (const std::size_t padding : {1U, 3U, 40U, 64U, 200U, 9000U}) {
    Bytes frame = next(inner);
    frame.resize(frame.size() + padding, 0xcc);
    EXPECT_EQ(to_hex(bench.one(Side::inbound, {}, frame).bytes), to_hex(inner)) << "link " << padding;
    Bytes payload = inner;
    payload.resize(payload.size() + padding, 0xdd);
    EXPECT_EQ(to_hex(bench.one(Side::inbound, {}, next(payload)).bytes), to_hex(inner)) << "TFC " << padding;
  }
}

TEST_F(InboundTest, FrameOverTheMaximumIsTooLong) {
  EXPECT_EQ(verdict(Bytes(16385, 0x45)), too_long);
  EXPECT_EQ(verdict(Bytes(65535)), too_long);
  EXPECT_EQ(verdict(next(udp_packet(40))), ok);
}

TEST_F(InboundTest, HeaderThatMakesNoSenseIsMalformed) {
  const Bytes good = sa.packet(1, udp_packet(60));
  EXPECT_EQ(verdict(with(good, 0, 0x65)), header_malformed);
  EXPECT_EQ(verdict(with(good, 0, 0x44)), header_malformed);
  EXPECT_EQ(verdict(with(good, 3, 19)), header_malformed);
  EXPECT_EQ(verdict(with(good, 2, 0x40)), header_malformed);  // total over the frame
  EXPECT_EQ(verdict(Bytes(good.begin(), good.end() - 1)), header_malformed);
  EXPECT_EQ(verdict(Bytes(good.begin(), good.begin() + 19)), header_malformed);
  EXPECT_EQ(verdict(good), ok);
}

TEST_F(InboundTest, WhatIsNotEspGoesToTheHost) {
  InboundSa udp = sa;
  udp.spi = 0x4000;
  udp.encapsulated = true;
  bench.add(1, udp);
  const Bytes good = udp.packet(1, udp_packet(60));
  EXPECT_EQ(verdict(with(good, 9, 6)), not_esp);
  EXPECT_EQ(verdict(with(good, 23, 0x95)), not_esp);                   // port 4501
  EXPECT_EQ(verdict(with(good, 25, good[25] ^ 1)), header_malformed);  // UDP length
  EXPECT_EQ(verdict(with(with(good, 22, 0), 25, 0)), not_esp);         // the port comes before the length
  Esp marker = udp.esp(1);
  marker.spi = 0;
  EXPECT_EQ(verdict(udp.outer(marker.build(udp_packet(60)))), not_esp);
  EXPECT_EQ(verdict(udp.outer(Bytes{0xff})), not_esp);  // keep-alive
  EXPECT_EQ(verdict(udp.outer(Bytes{1, 2, 3})), not_esp);
  EXPECT_EQ(verdict(udp.outer(Bytes{1, 2, 3, 4})), esp_malformed);
  Ipv4 short_udp;
  short_udp.payload = Bytes(7);
  EXPECT_EQ(verdict(short_udp.build()), header_malformed);
  EXPECT_EQ(verdict(good), ok);
}

TEST_F(InboundTest, OuterFragmentsGoToTheHost) {
  const Bytes good = sa.packet(1, udp_packet(60));
  EXPECT_EQ(verdict(with(good, 6, 0x20)), outer_fragment);
  EXPECT_EQ(verdict(with(good, 7, 0x01)), outer_fragment);
  EXPECT_EQ(verdict(with(good, 6, 0x1f)), outer_fragment);
  EXPECT_EQ(verdict(with(good, 6, 0x40)), ok);  // DF
}

TEST_F(InboundTest, HeadersBeyondTheWindowGoToTheHost) {
  InboundSa udp = sa;
  udp.spi = 0x4000;
  udp.encapsulated = true;
  bench.add(1, udp);
  for (std::size_t options = 0; options <= 10; ++options) {
    EXPECT_EQ(verdict(sa.outer(sa.esp(++sequence).build(udp_packet(60)), 0, options)),
              options <= 7 ? ok : header_window)
        << options;
    EXPECT_EQ(verdict(udp.outer(udp.esp(sequence).build(udp_packet(60)), 0, options)),
              options <= 5 ? ok : header_window)
        << options;
  }
}

TEST_F(InboundTest, EspOfImpossibleLengthIsMalformed) {
  const Bytes esp = sa.esp(1).build(udp_packet(60));
  for (std::size_t size = 16; size < 36; ++size) {
    EXPECT_EQ(verdict(sa.outer(Bytes(esp.begin(), esp.begin() + static_cast<std::ptrdiff_t>(size)))),
              esp_malformed);
  }
  for (std::size_t size = 36; size <= 48; ++size) {
    EXPECT_EQ(verdict(sa.outer(Bytes(esp.begin(), esp.begin() + static_cast<std::ptrdiff_t>(size)))),
              size % 4 == 0 ? icv_failed : esp_malformed);
  }
}

TEST_F(InboundTest, SpiIsLookedUpInFourWays) {
  InboundSa other = sa;
  std::uint64_t number = 0;
  for (std::uint32_t way = 0; way < regs::engine_table_ways; ++way) {
    other.spi = 0x12345600 + way;
    bench.add(20 + way, other, way);
    number = 0;
    const Result result = bench.one(Side::inbound, {}, other.packet(++number, udp_packet(60)));
    EXPECT_EQ(result.done.verdict, ok) << way;
    EXPECT_EQ(result.done.sa, 20 + way);
    // An SPI that has the same place, and is not the one that stands there.
    InboundSa same = sa;
    while (table_index(std::array{same.spi}, way, 7) != table_index(std::array{other.spi}, way, 7)) {
      ++same.spi;
    }
    EXPECT_EQ(verdict(same.packet(1, udp_packet(60))), unknown_spi) << way;
    // Moved to the next way: found in both, in the new one alone, and in none.
    const std::uint32_t next_way = (way + 1) % regs::engine_table_ways;
    bench.spi_entry(other.spi, next_way, 20 + way, true);
    EXPECT_EQ(verdict(other.packet(++number, udp_packet(60))), ok) << way;
    bench.spi_entry(other.spi, way, 20 + way, false);
    EXPECT_EQ(verdict(other.packet(++number, udp_packet(60))), ok) << way;
    bench.spi_entry(other.spi, next_way, 20 + way, false);
    EXPECT_EQ(verdict(other.packet(++number, udp_packet(60))), unknown_spi) << way;
  }
  // An entry that points to a row that is gone finds nothing.
  bench.spi_entry(other.spi, 3, 23, true);
  EXPECT_EQ(verdict(other.packet(++number, udp_packet(60))), ok);
  bench.remove(Side::inbound, 23);
  EXPECT_EQ(verdict(other.packet(++number, udp_packet(60))), unknown_spi);
}

TEST_F(InboundTest, DestinationAndEncapsulationAreTheSas) {
  const Bytes good = sa.packet(1, udp_packet(60));
  EXPECT_EQ(verdict(with(good, 19, 0x77)), destination_mismatch);
  InboundSa other = sa;
  other.encapsulated = true;
  EXPECT_EQ(verdict(other.packet(1, udp_packet(60))), encapsulation_mismatch);
  EXPECT_EQ(verdict(with(other.packet(1, udp_packet(60)), 19, 0x77)), destination_mismatch);
  EXPECT_EQ(verdict(good), ok);
}

TEST_F(InboundTest, AnyChangedByteFailsTheIcv) {
  const Bytes good = sa.packet(1, udp_packet(200));
  // From the IV on; SPI and sequence number have verdicts of their own.
  for (std::size_t at = 28; at < good.size(); ++at) {
    bench.send(Side::inbound, {}, with(good, at, good[at] ^ 0x10));
  }
  const auto results = bench.collect(Side::inbound, good.size() - 28);
  ASSERT_EQ(results.size(), good.size() - 28);
  for (const Result& result : results) {
    ASSERT_EQ(result.done.verdict, icv_failed);
    ASSERT_EQ(result.done.length, 0U);
  }
  EXPECT_EQ(verdict(with(good, 27, 2)), icv_failed);  // sequence number
  EXPECT_EQ(verdict(good), ok);
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_inbound, 9, regs::counter_sa_inbound_count),
            (std::vector<std::uint64_t>{1, 200, 0, 0, 0, good.size() - 28 + 1, 0, 1}));
}

TEST_F(InboundTest, EveryPadLengthIsTaken) {
  const Bytes inner = udp_packet(60);
  for (std::size_t length = 2; length < 256; length += 4) {
    Bytes pad(length);
    for (std::size_t i = 0; i < length; ++i) {
      pad[i] = static_cast<std::uint8_t>(i + 1);
    }
    const Result result = bench.one(Side::inbound, {}, sealed([&](Esp& esp) { esp.padding = pad; }, inner));
    ASSERT_EQ(result.done.verdict, ok) << length;
    ASSERT_EQ(to_hex(result.bytes), to_hex(inner));
  }
}

TEST_F(InboundTest, PaddingMustCountUp) {
  const Bytes inner = udp_packet(60);
  const std::size_t length = 202;
  Bytes good(length);
  for (std::size_t i = 0; i < length; ++i) {
    good[i] = static_cast<std::uint8_t>(i + 1);
  }
  for (std::size_t at = 0; at < length; ++at) {
    bench.send(Side::inbound, {},
               sealed([&](Esp& esp) { esp.padding = with(good, at, good[at] ^ 0x80); }, inner));
  }
  for (const Result& result : bench.collect(Side::inbound, length)) {
    ASSERT_EQ(result.done.verdict, padding_malformed);
  }
  // Pad length beyond the payload, and one that calls payload padding.
  EXPECT_EQ(verdict(sealed([&](Esp& esp) { esp.pad_length = 255; }, inner)), padding_malformed);
  EXPECT_EQ(verdict(sealed([&](Esp& esp) { esp.pad_length = 63; }, inner)), padding_malformed);
  EXPECT_EQ(verdict(sealed([&](Esp& esp) { esp.pad_length = 3; }, inner)), padding_malformed);
  // A run that counts up from something else before one: only the padding itself is looked at.
  Bytes tail = inner;
  tail[tail.size() - 1] = 0;
  EXPECT_EQ(verdict(sealed([&](Esp& esp) { esp.padding = Bytes{1, 2}; }, tail)), ok);
  EXPECT_EQ(verdict(next(inner)), ok);
}

TEST_F(InboundTest, TrailerNamesThePayload) {
  const Bytes inner = udp_packet(60);
  EXPECT_EQ(verdict(sealed([](Esp& esp) { esp.next_header = 59; }, inner)), dummy);
  EXPECT_EQ(verdict(sealed([](Esp& esp) { esp.next_header = 59; }, Bytes(2))), dummy);
  EXPECT_EQ(verdict(sealed([](Esp& esp) { esp.next_header = 43; }, inner)), next_header_unsupported);
  // Padding is looked at first.
  EXPECT_EQ(verdict(sealed(
                [](Esp& esp) {
                  esp.next_header = 59;
                  esp.padding = Bytes{9, 9};
                },
                inner)),
            padding_malformed);
}

TEST_F(InboundTest, InnerPacketMustBeWhole) {
  const Bytes inner = udp_packet(60);
  EXPECT_EQ(verdict(next(with(inner, 0, 0x65))), inner_malformed);
  EXPECT_EQ(verdict(next(with(inner, 0, 0x44))), inner_malformed);
  EXPECT_EQ(verdict(next(with(inner, 3, 61))), inner_malformed);
  EXPECT_EQ(verdict(next(with(inner, 3, 19))), inner_malformed);
  EXPECT_EQ(verdict(next(with(inner, 2, 0xff))), inner_malformed);
  EXPECT_EQ(verdict(next(Bytes(inner.begin(), inner.begin() + 19))), inner_malformed);
  EXPECT_EQ(verdict(next(Bytes{})), inner_malformed);
  EXPECT_EQ(verdict(next(with(inner, 3, 20))), ok);
  EXPECT_EQ(verdict(next(inner)), ok);
}

TEST(Inbound, SelectorsAreThoseOfTheSa) {
  Bench bench;
  InboundSa sa;
  sa.source_first = 0x0a000001;
  sa.source_last = 0x0a000010;
  sa.destination_first = 0x0a000100;
  sa.destination_last = 0x0a000102;
  sa.protocol = 17;
  sa.source_port_first = sa.source_port_last = 1000;
  sa.destination_port_first = 2000;
  sa.destination_port_last = 2010;
  bench.add(0, sa);
  InboundSa any = sa;
  any.spi = 0x2001;
  any.protocol.reset();
  any.source_port_first = 0;
  any.source_port_last = 65535;
  any.destination_port_first = 0;
  any.destination_port_last = 65535;
  bench.add(1, any);
  std::uint64_t sequence = 0;
  const auto verdict = [&](const InboundSa& to, const std::function<void(Ipv4&)>& change) {
    Ipv4 ip;
    ip.payload = {0x03, 0xe8, 0x07, 0xd0, 0, 8, 0, 0};  // ports 1000 and 2000
    change(ip);
    return bench.one(Side::inbound, {}, to.packet(++sequence, ip.build())).done.verdict;
  };
  const auto set = [](auto member, auto value) { return [=](Ipv4& ip) { ip.*member = value; }; };
  EXPECT_EQ(verdict(sa, [](Ipv4&) {}), ok);
  EXPECT_EQ(verdict(sa, set(&Ipv4::source, 0x0a000010U)), ok);
  EXPECT_EQ(verdict(sa, set(&Ipv4::source, 0x0a000011U)), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::source, 0x0a000000U)), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::destination, 0x0a0000ffU)), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::destination, 0x0a000103U)), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::protocol, std::uint8_t{6})), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::payload, Bytes{0x03, 0xe9, 0x07, 0xd0})), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::payload, Bytes{0x03, 0xe8, 0x07, 0xcf})), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::payload, Bytes{0x03, 0xe8, 0x07, 0xda})), ok);
  EXPECT_EQ(verdict(sa, set(&Ipv4::payload, Bytes{0x03, 0xe8, 0x07, 0xdb})), selector_mismatch);
  EXPECT_EQ(verdict(sa, set(&Ipv4::payload, Bytes{0x03, 0xe8, 0x07})), selector_mismatch);  // ports cut
  for (std::size_t options = 0; options <= 10; ++options) {
    EXPECT_EQ(verdict(sa, set(&Ipv4::option_words, options)), ok);
  }
  EXPECT_EQ(verdict(sa, set(&Ipv4::fragment, std::uint16_t{0x2000})), ok);  // the first one has the ports
  EXPECT_EQ(verdict(sa, set(&Ipv4::fragment, std::uint16_t{0x0001})), selector_mismatch);
  EXPECT_EQ(verdict(any, set(&Ipv4::fragment, std::uint16_t{0x0001})), ok);
  EXPECT_EQ(verdict(any, set(&Ipv4::protocol, std::uint8_t{1})), ok);
  InboundSa ports = any;
  ports.spi = 0x2002;
  ports.destination_port_last = 65534;
  bench.add(2, ports);
  for (const int protocol : {6, 17, 33, 132, 136}) {
    EXPECT_EQ(verdict(ports, set(&Ipv4::protocol, static_cast<std::uint8_t>(protocol))), ok);
  }
  EXPECT_EQ(verdict(ports, set(&Ipv4::protocol, std::uint8_t{47})), selector_mismatch);
  EXPECT_EQ(bench.snapshot(regs::snapshot_set_sa_inbound, 0,
                           regs::counter_sa_inbound_count)[regs::counter_sa_inbound_selector_mismatch],
            10U);
}

TEST_F(InboundTest, EcnIsThatOfRfc6040) {
  // Rows: inner; columns: outer Not-ECT, ECT(1), ECT(0), CE by code point. -1: dropped.
  constexpr std::array<std::array<int, 4>, 4> expected{{
      {0, 0, 0, -1},
      {1, 1, 1, 3},
      {2, 1, 2, 3},
      {3, 3, 3, 3},
  }};
  for (std::uint8_t inner_ecn = 0; inner_ecn < 4; ++inner_ecn) {
    for (std::uint8_t outer_ecn = 0; outer_ecn < 4; ++outer_ecn) {
      for (const std::size_t size : {40U, 300U}) {
        const Bytes inner = udp_packet(size, static_cast<std::uint8_t>(0x48 | inner_ecn));
        const Result result =
            bench.one(Side::inbound, {}, next(inner, static_cast<std::uint8_t>(0x80 | outer_ecn)));
        const int expect = expected.at(inner_ecn).at(outer_ecn);
        if (expect < 0) {
          EXPECT_EQ(result.done.verdict, ecn_dropped);
          continue;
        }
        ASSERT_EQ(result.done.verdict, ok);
        EXPECT_EQ(to_hex(result.bytes), to_hex(udp_packet(size, static_cast<std::uint8_t>(0x48 | expect))));
      }
    }
  }
}

}  // namespace
}  // namespace espgate::sim::test
