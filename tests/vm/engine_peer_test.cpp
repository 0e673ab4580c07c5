// Our engines against the kernel's ESP: host a is an engine between this program and the wire, host b a
// kernel that has never heard of espgate. What one encrypts the other must open, in both directions.
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>

#include "base/checksum.h"
#include "base/writer.h"
#include "driver/engine.h"
#include "support/harness.h"
#include "support/packets.h"
#include "traffic.h"

namespace espgate::vm {
namespace {

using xfrm::Encryption;
using xfrm::Integrity;
using xfrm::testing::in_namespace;

constexpr std::uint16_t port_a = 4241;
constexpr std::uint16_t port_b = 4242;

// The wire as host a sees it, packets from their IP header on.
class Wire {
 public:
  explicit Wire(const TwoHosts& hosts) {
    hosts.b.enter();
    const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "wire");
    EXPECT_EQ(::ioctl(any, SIOCGIFHWADDR, &request), 0) << std::strerror(errno);
    std::memcpy(m_peer.data(), request.ifr_hwaddr.sa_data, m_peer.size());
    ::close(any);
    hosts.a.enter();
    m_fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
    EXPECT_GE(m_fd, 0) << std::strerror(errno);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { ::close(m_fd); }

  void send(ByteView packet) const {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons((packet[0] >> 4) == 4 ? ETH_P_IP : ETH_P_IPV6);
    to.sll_ifindex = static_cast<int>(::if_nametoindex("wire"));
    to.sll_halen = static_cast<unsigned char>(m_peer.size());
    std::memcpy(to.sll_addr, m_peer.data(), m_peer.size());
    EXPECT_EQ(
        ::sendto(m_fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to)),
        static_cast<ssize_t>(packet.size()))
        << std::strerror(errno);
  }

  // The next packet from b that holds ESP, as it is or in UDP; empty when none came within two seconds.
  Bytes receive() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < deadline) {
      pollfd ready{.fd = m_fd, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 100) != 1) {
        continue;
      }
      Bytes packet(4096);
      sockaddr_ll from{};
      socklen_t length = sizeof(from);
      const ssize_t count =
          ::recvfrom(m_fd, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      packet.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
      if (from.sll_pkttype != PACKET_OUTGOING && holds_esp(packet)) {
        return packet;
      }
    }
    return {};
  }

 private:
  static bool holds_esp(const Bytes& packet) {
    if (packet.size() < 40) {
      return false;
    }
    const bool v4 = (packet[0] >> 4) == 4;
    const std::uint8_t protocol = packet[v4 ? 9 : 6];
    return protocol == 50 || (protocol == 17 && load_be16(packet, v4 ? 22 : 42) == 4500);
  }

  int m_fd = -1;
  std::array<std::uint8_t, 6> m_peer{};
};

// A UDP packet from a to b, checksum and all.
Bytes make_datagram(const TunnelSpec& spec, std::string_view text) {
  const IpAddress source = inner(spec, 'a');
  const IpAddress destination = inner(spec, 'b');
  const auto udp_length = static_cast<std::uint16_t>(8 + text.size());
  const ByteView body(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const auto datagram = [&](std::uint16_t checksum) {
    Writer writer;
    writer.u16(port_a);
    writer.u16(port_b);
    writer.u16(udp_length);
    writer.u16(checksum);
    writer.bytes(body);
    return std::move(writer).finish();
  };
  // RFC 8200 section 8.1 and RFC 768: the sum takes in a pseudo-header. Lengths and protocol fall on the same
  // sum in both families.
  Writer summed;
  summed.bytes(source.bytes());
  summed.bytes(destination.bytes());
  summed.u16(udp_length);
  summed.u16(17);
  summed.bytes(datagram(0));
  const Bytes payload = datagram(internet_checksum(summed.view()));
  if (source.is_v4()) {
    return driver::test::ipv4(
        {.source = source.to_v4(), .destination = destination.to_v4(), .payload = payload});
  }
  return driver::test::ipv6({.source = source, .destination = destination, .payload = payload});
}

// The text of a UDP packet; "" for anything else.
std::string text_of(ByteView packet) {
  const std::size_t header = !packet.empty() && (packet[0] >> 4) == 4 ? 20 : 40;
  if (packet.size() < header + 8 || packet[header == 20 ? 9 : 6] != 17) {
    return {};
  }
  const ByteView body = packet.subspan(header + 8);
  return {body.begin(), body.end()};
}

driver::Cipher cipher_of(const TunnelSpec& spec) {
  return spec.suite.encryption == Encryption::null_aes_gmac ? driver::Cipher::null_aes_gmac
                                                            : driver::Cipher::aes_gcm_16;
}

driver::AesGcmKey key_of(const xfrm::State& state) {
  const ByteView material = state.encryption_key.view();
  return {.key = InlineSecret<32>(material.first(material.size() - 4)),
          .salt = InlineSecret<4>(material.last(4))};
}

// The SAs that host a would have had.
driver::OutboundSa outbound_sa(const TunnelSpec& spec) {
  const auto states = states_of(spec, 'a');
  driver::OutboundSa sa;
  sa.spi = spi_to_b;
  sa.cipher = cipher_of(spec);
  sa.key = key_of(states.back());
  sa.mode = spec.mode;
  sa.esn = spec.esn;
  sa.outer_source = outer(spec, 'a');
  sa.outer_destination = outer(spec, 'b');
  if (spec.encapsulated) {
    sa.encapsulation.emplace();
  }
  sa.next_sequence = spec.sequence + 1;
  sa.lease_limit = spec.sequence + 1000;
  sa.lease_low = spec.sequence + 900;
  return sa;
}

driver::InboundSa inbound_sa(const TunnelSpec& spec) {
  const auto states = states_of(spec, 'a');
  driver::InboundSa sa;
  sa.spi = spi_to_a;
  sa.cipher = cipher_of(spec);
  sa.key = key_of(states.front());
  sa.mode = spec.mode;
  sa.esn = spec.esn;
  sa.outer_destination = outer(spec, 'a');
  sa.encapsulated = spec.encapsulated;
  sa.selectors.source = {inner(spec, 'b'), inner(spec, 'b')};
  sa.selectors.destination = {inner(spec, 'a'), inner(spec, 'a')};
  sa.selectors.protocol = 17;
  sa.replay_window = static_cast<std::uint16_t>(spec.window);
  sa.replay_top = spec.sequence;
  return sa;
}

// An engine at host a, the kernel at host b, one SA pair between them.
class Peers {
 public:
  Peers(driver::Engine& engine, const TwoHosts& hosts, const TunnelSpec& spec)
      : m_engine(engine), m_spec(spec), m_wire(hosts), m_socket(hosts.b, inner(spec, 'b'), port_b) {
    hosts.b.enter();
    auto opened = xfrm::Xfrm::open();
    hosts.a.enter();
    EXPECT_TRUE(opened);
    m_kernel = *std::move(opened);
    const auto installed = m_kernel->install(states_of(spec, 'b'), policies_of(spec, 'b'));
    EXPECT_TRUE(installed) << installed.error().message;
    if (spec.encapsulated) {
      m_natt.emplace(hosts.b, outer(spec, 'b'), 4500, true);
    }
    const auto out = engine.add_outbound(outbound_sa(spec));
    const auto in = engine.add_inbound(inbound_sa(spec));
    EXPECT_TRUE(out) << out.error().message;
    EXPECT_TRUE(in) << in.error().message;
    m_outbound = *out;
    m_inbound = *in;
  }
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;
  ~Peers() {
    const auto policies = policies_of(m_spec, 'b');
    std::vector<xfrm::StateId> states;
    for (const xfrm::State& state : states_of(m_spec, 'b')) {
      states.push_back(state.id);
    }
    m_kernel->remove(std::vector{policies[0].id, policies[1].id}, states);
    EXPECT_TRUE(m_engine.remove(driver::Direction::outbound, m_outbound));
    EXPECT_TRUE(m_engine.remove(driver::Direction::inbound, m_inbound));
  }

  // What the engine makes of a datagram.
  Bytes protect(std::string_view text) {
    const auto out = driver::test::run_one(m_engine, driver::Direction::outbound, m_outbound.value,
                                           make_datagram(m_spec, text));
    EXPECT_EQ(out.verdict, driver::Verdict::ok);
    return out.output;
  }
  void send(ByteView packet) const { m_wire.send(packet); }
  std::string received_by_kernel(int milliseconds = 2000) const { return m_socket.receive(milliseconds); }
  // What the kernel makes of a datagram from b.
  Bytes protected_by_kernel(std::string_view text) const {
    EXPECT_TRUE(m_socket.send(text, inner(m_spec, 'a'), port_a));
    return m_wire.receive();
  }
  driver::test::Outcome open(const Bytes& packet) {
    return driver::test::run_one(m_engine, driver::Direction::inbound, 0, packet);
  }
  xfrm::KernelState kernel_state(std::uint32_t spi) const {
    const auto state = m_kernel->state(
        {spi == spi_to_a ? outer(m_spec, 'a') : outer(m_spec, 'b'), spi, xfrm::Protocol::esp, {}});
    EXPECT_TRUE(state);
    return state.value_or(xfrm::KernelState{});
  }

 private:
  driver::Engine& m_engine;
  TunnelSpec m_spec;
  Wire m_wire;
  Socket m_socket;
  std::optional<Socket> m_natt;
  std::unique_ptr<xfrm::Xfrm> m_kernel;
  driver::SaIndex m_outbound;
  driver::SaIndex m_inbound;
};

class EngineAgainstKernel : public ::testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<driver::Engine> make_engine() {
    auto made = std::string_view(GetParam()) == "software" ? driver::make_software_engine()
                                                           : driver::make_simulated_engine();
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? *std::move(made) : nullptr;
  }
};

void exchange_both_ways(driver::Engine& engine, const TwoHosts& hosts, const TunnelSpec& spec,
                        const std::string& name) {
  SCOPED_TRACE(name);
  Peers peers(engine, hosts, spec);
  constexpr int count = 6;
  for (int i = 0; i < count; ++i) {
    // Every alignment of the trailer, and a size near the MTU.
    const std::string text(i + 1 == count ? 1200U : static_cast<std::size_t>(1 + i),
                           static_cast<char>('a' + i));
    peers.send(peers.protect(text));
    ASSERT_EQ(peers.received_by_kernel(), text) << errors_of(hosts.b);
    const auto back = peers.open(peers.protected_by_kernel(text));
    ASSERT_EQ(back.verdict, driver::Verdict::ok);
    ASSERT_EQ(text_of(back.output), text);
  }
  EXPECT_EQ(peers.kernel_state(spi_to_b).packets, static_cast<std::uint64_t>(count));
  EXPECT_EQ(peers.kernel_state(spi_to_b).inbound_sequence, spec.sequence + count);
}

constexpr std::array suites = {
    xfrm::Suite{Encryption::aes_gcm_16, 128, Integrity::none},
    xfrm::Suite{Encryption::aes_gcm_16, 256, Integrity::none},
    xfrm::Suite{Encryption::null_aes_gmac, 128, Integrity::none},
    xfrm::Suite{Encryption::null_aes_gmac, 256, Integrity::none},
};

TEST_P(EngineAgainstKernel, EveryCipherModeAndFamily) {
  in_namespace([] {
    const auto engine = make_engine();
    ASSERT_TRUE(engine);
    const TwoHosts hosts;
    for (const xfrm::Suite& suite : suites) {
      for (const bool esn : {false, true}) {
        for (const bool v6 : {false, true}) {
          TunnelSpec spec;
          spec.suite = suite;
          spec.esn = esn;
          spec.outer_v6 = v6;
          spec.inner_v6 = !v6;
          const std::string name = to_string(suite) + (esn ? " ESN" : "") + (v6 ? " v6" : " v4");
          exchange_both_ways(*engine, hosts, spec, name + " tunnel, other family inside");
          spec.inner_v6 = v6;
          exchange_both_ways(*engine, hosts, spec, name + " tunnel");
          spec.mode = driver::Mode::transport;
          exchange_both_ways(*engine, hosts, spec, name + " transport");
        }
      }
    }
  });
}

TEST_P(EngineAgainstKernel, UdpEncapsulation) {
  in_namespace([] {
    const auto engine = make_engine();
    ASSERT_TRUE(engine);
    const TwoHosts hosts;
    for (const bool v6 : {false, true}) {
      TunnelSpec spec;
      spec.encapsulated = true;
      spec.outer_v6 = v6;
      exchange_both_ways(*engine, hosts, spec, v6 ? "v6" : "v4");
    }
  });
}

// Both count over the end of the low half, which is all that stands in a packet.
TEST_P(EngineAgainstKernel, TheHighHalfOfTheSequenceNumberTurns) {
  in_namespace([] {
    const auto engine = make_engine();
    ASSERT_TRUE(engine);
    const TwoHosts hosts;
    for (const std::uint32_t window : {64U, 256U, 1024U}) {
      TunnelSpec spec;
      spec.esn = true;
      spec.window = window;
      spec.sequence = 0x7'ffff'fffc;
      exchange_both_ways(*engine, hosts, spec, "window " + std::to_string(window));
    }
  });
}

TEST_P(EngineAgainstKernel, EachRefusesReplaysAndForgeriesOfTheOther) {
  in_namespace([] {
    const auto engine = make_engine();
    ASSERT_TRUE(engine);
    const TwoHosts hosts;
    Peers peers(*engine, hosts, TunnelSpec{});
    const Bytes sent = peers.protect("once");
    peers.send(sent);
    EXPECT_EQ(peers.received_by_kernel(), "once");
    peers.send(sent);
    EXPECT_EQ(peers.received_by_kernel(200), "");
    EXPECT_EQ(peers.kernel_state(spi_to_b).replay_drops, 1U);
    Bytes forged = peers.protect("twice");
    forged.back() ^= 1;
    peers.send(forged);
    EXPECT_EQ(peers.received_by_kernel(200), "");
    EXPECT_EQ(peers.kernel_state(spi_to_b).integrity_drops, 1U);

    const Bytes answer = peers.protected_by_kernel("back");
    EXPECT_EQ(peers.open(answer).verdict, driver::Verdict::ok);
    EXPECT_EQ(peers.open(answer).verdict, driver::Verdict::replay_duplicate);
    Bytes changed = peers.protected_by_kernel("again");
    ASSERT_FALSE(changed.empty());
    changed.back() ^= 1;
    EXPECT_EQ(peers.open(changed).verdict, driver::Verdict::icv_failed);
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineAgainstKernel, ::testing::Values("software", "simulated"),
                         [](const auto& engine) { return std::string(engine.param); });

}  // namespace
}  // namespace espgate::vm
