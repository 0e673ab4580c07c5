#include "support/harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace espgate::driver::test {
namespace {

// An engine that makes no progress for so many polls is stuck.
constexpr int idle_polls = 20000;
constexpr std::uint8_t untouched = 0xee;

// The packets of one direction on their way through an engine.
class Transfer {
 public:
  Transfer(Engine& engine, Direction direction, const std::vector<Packet>& packets)
      : m_engine(engine), m_direction(direction), m_buffers(packets.size()), m_requests(packets.size()) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const Packet& packet = packets[i];
      m_buffers[i].assign(std::max(packet.bytes.size(), packet.tfc_bytes) + max_expansion, untouched);
      m_requests[i] = {.cookie = cookie(i),
                       .sa = {packet.sa},
                       .kind = packet.kind,
                       .spd = packet.spd,
                       .input = packet.bytes,
                       .output = m_buffers[i]};
    }
  }

  // No packets from `limit` on.
  void submit(std::size_t limit = SIZE_MAX) {
    const std::size_t end = std::min(limit, m_requests.size());
    m_submitted += m_engine.submit(m_direction, std::span(m_requests).first(end).subspan(m_submitted));
    EXPECT_EQ(m_engine.in_flight(m_direction), m_submitted - m_outcomes.size());
  }
  // False when nothing was finished.
  bool poll() {
    std::array<Completion, 16> completions{};
    const std::size_t count = m_engine.poll(m_direction, completions);
    for (const Completion& completion : std::span(completions).first(count)) {
      take(completion);
    }
    return count > 0;
  }
  bool finished() const { return m_outcomes.size() >= m_buffers.size(); }
  std::vector<Outcome> outcomes() && {
    EXPECT_EQ(m_outcomes.size(), m_buffers.size()) << "the engine stopped";
    // After a failure, the cases that follow index outcomes; give them something.
    m_outcomes.resize(m_buffers.size());
    return std::move(m_outcomes);
  }

 private:
  static std::uint64_t cookie(std::size_t i) { return 0x1000 + i; }

  void take(const Completion& completion) {
    const std::size_t i = m_outcomes.size();
    EXPECT_EQ(completion.cookie, cookie(i)) << "completions out of order";
    EXPECT_EQ(completion.verdict == Verdict::ok || completion.verdict == Verdict::bypassed,
              completion.length != 0);
    Outcome outcome{.verdict = completion.verdict,
                    .sa = completion.sa.value,
                    .output = {},
                    .next_hop = completion.next_hop};
    if (i >= m_buffers.size() || completion.length > m_buffers[i].size()) {
      ADD_FAILURE() << "a completion that nobody asked for, or longer than its buffer";
    } else {
      const auto end = m_buffers[i].begin() + completion.length;
      outcome.output.assign(m_buffers[i].begin(), end);
      // Nothing of a dropped packet, and nothing behind a delivered one, may be left in the caller's buffer.
      EXPECT_TRUE(
          std::all_of(end, m_buffers[i].end(), [](std::uint8_t b) { return b == untouched || b == 0; }));
    }
    m_outcomes.push_back(std::move(outcome));
  }

  Engine& m_engine;
  Direction m_direction;
  std::vector<Bytes> m_buffers;
  std::vector<PacketRequest> m_requests;
  std::size_t m_submitted = 0;
  std::vector<Outcome> m_outcomes;
};

}  // namespace

std::vector<Outcome> run(Engine& engine, Direction direction, const std::vector<Packet>& packets) {
  Transfer transfer(engine, direction, packets);
  for (int idle = 0; !transfer.finished() && idle < idle_polls;) {
    transfer.submit();
    idle = transfer.poll() ? 0 : idle + 1;
  }
  return std::move(transfer).outcomes();
}

std::array<std::vector<Outcome>, 2> run_both(Engine& engine, const std::vector<Packet>& outbound,
                                             const std::vector<Packet>& inbound,
                                             const Interruption& interruption) {
  Transfer out(engine, Direction::outbound, outbound);
  Transfer in(engine, Direction::inbound, inbound);
  if (interruption.change) {
    out.submit(interruption.after[0]);
    in.submit(interruption.after[1]);
    interruption.change();
  }
  for (int idle = 0; !(out.finished() && in.finished()) && idle < idle_polls;) {
    out.submit();
    in.submit();
    const bool any_out = out.poll();
    const bool any_in = in.poll();
    idle = any_out || any_in ? 0 : idle + 1;
  }
  return {std::move(out).outcomes(), std::move(in).outcomes()};
}

Outcome run_one(Engine& engine, Direction direction, std::uint32_t sa, const Bytes& packet) {
  return run(engine, direction, {{.sa = sa, .bytes = packet}}).front();
}

std::vector<Event> events(Engine& engine) {
  // An event may come later than its packet's completion.
  constexpr int patience = 1000;
  std::vector<Event> all;
  std::array<Event, 4> some{};
  for (int idle = 0; idle < patience; ++idle) {
    const std::size_t count = engine.poll_events(some);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    idle = count > 0 ? 0 : idle;
  }
  return all;
}

AesGcmKey key_of(std::size_t bytes, std::uint8_t fill) {
  Bytes key(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    key[i] = static_cast<std::uint8_t>(fill + i);
  }
  const std::array<std::uint8_t, 4> salt{fill, 0xa1, 0xa2, 0xa3};
  return {.key = InlineSecret<32>(key), .salt = InlineSecret<4>(salt)};
}

OutboundSa outbound_sa(std::uint32_t spi) {
  OutboundSa sa;
  sa.spi = spi;
  sa.key = key_of(32);
  sa.outer_source = IpAddress::v4(0xc0000201);
  sa.outer_destination = IpAddress::v4(0xc0000202);
  sa.lease_limit = 1U << 20;
  sa.lease_low = 1U << 20;
  return sa;
}

InboundSa inbound_sa(std::uint32_t spi) {
  InboundSa sa;
  sa.spi = spi;
  sa.key = key_of(32, 0x51);
  sa.outer_destination = IpAddress::v4(0xc0000201);
  sa.selectors.source = IpRange::whole(IpFamily::v4);
  sa.selectors.destination = IpRange::whole(IpFamily::v4);
  return sa;
}

OutboundSa outbound_sa6(std::uint32_t spi) {
  OutboundSa sa = outbound_sa(spi);
  sa.outer_source = *IpAddress::parse("2001:db8::1");
  sa.outer_destination = *IpAddress::parse("2001:db8::2");
  return sa;
}

InboundSa inbound_sa6(std::uint32_t spi, IpFamily inside) {
  InboundSa sa = inbound_sa(spi);
  sa.outer_destination = *IpAddress::parse("2001:db8::1");
  sa.selectors.source = IpRange::whole(inside);
  sa.selectors.destination = IpRange::whole(inside);
  return sa;
}

EspSpec spec_for(const InboundSa& sa, std::uint64_t sequence, ByteView inner) {
  EspSpec spec{.key = sa.key, .cipher = sa.cipher, .esn = sa.esn, .spi = sa.spi, .sequence = sequence};
  spec.plaintext = with_trailer(inner, !inner.empty() && inner.front() >> 4U == 6 ? 41 : 4);
  if (sa.outer_destination.is_v4()) {
    spec.outer.destination = sa.outer_destination.to_v4();
  } else {
    spec.outer6 = Ipv6Spec{.source = *IpAddress::parse("2001:db8::2"), .destination = sa.outer_destination};
  }
  if (sa.encapsulated) {
    spec.encapsulation = UdpEncapsulation{};
  }
  return spec;
}

Bytes esp_for(const InboundSa& sa, std::uint64_t sequence, ByteView inner) {
  return esp(spec_for(sa, sequence, inner));
}

InboundSa peer_of(const OutboundSa& sa) {
  InboundSa peer = inbound_sa(sa.spi);
  peer.cipher = sa.cipher;
  peer.key = sa.key;
  peer.mode = sa.mode;
  peer.esn = sa.esn;
  peer.outer_destination = sa.outer_destination;
  peer.encapsulated = sa.encapsulation.has_value();
  peer.selectors.source = IpRange::whole(sa.outer_destination.family());
  peer.selectors.destination = peer.selectors.source;
  peer.replay_top = sa.next_sequence - 1;
  return peer;
}

}  // namespace espgate::driver::test
