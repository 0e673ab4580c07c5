#include "traffic.h"

#include <fmt/format.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace espgate::vm {

using xfrm::testing::address;
using xfrm::testing::make_state;

namespace {

constexpr std::uint16_t test_port = 4242;
constexpr std::uint16_t natt_port = 4500;  // RFC 3948

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_sockaddr(const IpAddress& to, std::uint16_t port) {
  SocketAddress result;
  if (to.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, to.bytes().data(), 4);
    result.length = sizeof(v4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, to.bytes().data(), 16);
    result.length = sizeof(v6);
  }
  return result;
}

char other(char host) {
  return host == 'a' ? 'b' : 'a';
}

xfrm::Prefix host_prefix(const IpAddress& a) {
  return {a, static_cast<std::uint8_t>(a.bytes().size() * 8)};
}

}  // namespace

IpAddress outer(const TunnelSpec& spec, char host) {
  if (spec.outer_v6) {
    return address(host == 'a' ? "2001:db8::1" : "2001:db8::2");
  }
  return address(host == 'a' ? "192.0.2.1" : "192.0.2.2");
}

IpAddress inner(const TunnelSpec& spec, char host) {
  if (spec.mode == driver::Mode::transport) {
    return outer(spec, host);
  }
  if (spec.inner_v6) {
    return address(host == 'a' ? "fd01::1" : "fd02::1");
  }
  return address(host == 'a' ? "10.1.0.1" : "10.2.0.1");
}

std::vector<xfrm::State> states_of(const TunnelSpec& spec, char host) {
  std::vector<xfrm::State> states;
  for (const char to : {'a', 'b'}) {
    xfrm::State state = make_state(spec.suite, to == 'a' ? spi_to_a : spi_to_b,
                                   outer(spec, other(to)).to_string(), outer(spec, to).to_string());
    state.direction = to == host ? driver::Direction::inbound : driver::Direction::outbound;
    state.mode = spec.mode;
    state.esn = spec.esn;
    state.replay_window = spec.window;
    state.lifetime = spec.lifetime;
    state.if_id = spec.if_id;
    state.sequence = spec.sequence;
    state.tfc_bytes = to == host ? 0 : spec.tfc_bytes;
    if (spec.encapsulated) {
      state.encapsulation = driver::UdpEncapsulation{.source_port = natt_port, .destination_port = natt_port};
    }
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<xfrm::Policy> policies_of(const TunnelSpec& spec, char host, std::uint8_t protocol) {
  using xfrm::PolicyDirection;
  std::vector<xfrm::Policy> policies;
  for (const PolicyDirection direction : {PolicyDirection::out, PolicyDirection::in}) {
    const char from = direction == PolicyDirection::out ? host : other(host);
    xfrm::Policy policy;
    policy.id.direction = direction;
    policy.id.selector.source = host_prefix(inner(spec, from));
    policy.id.selector.destination = host_prefix(inner(spec, other(from)));
    if (spec.mode == driver::Mode::transport) {
      policy.id.selector.protocol = protocol;
    }
    policy.id.if_id = spec.if_id;
    policy.priority = xfrm::first_priority;
    policy.templates.push_back({.source = outer(spec, from),
                                .destination = outer(spec, other(from)),
                                .protocol = spec.suite.encryption == xfrm::Encryption::none
                                                ? xfrm::Protocol::ah
                                                : xfrm::Protocol::esp,
                                .mode = spec.mode,
                                .reqid = xfrm::Tag{}.reqid(1),
                                .optional = false});
    policies.push_back(policy);
  }
  return policies;
}

Kernels::Kernels(const TwoHosts& hosts) {
  const auto open = [](const xfrm::testing::Namespace& host) {
    host.enter();
    auto opened = xfrm::Xfrm::open();
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? *std::move(opened) : nullptr;
  };
  b = open(hosts.b);
  a = open(hosts.a);
}

Expected<> connect(const Kernels& kernels, const TunnelSpec& spec) {
  if (auto at_a = kernels.a->install(states_of(spec, 'a'), policies_of(spec, 'a')); !at_a) {
    return at_a;
  }
  return kernels.b->install(states_of(spec, 'b'), policies_of(spec, 'b'));
}

Socket::Socket(const xfrm::testing::Namespace& host, const IpAddress& local, std::uint16_t port,
               bool encapsulation)
    : m_fd(-1) {
  const auto here = xfrm::testing::Namespace::current();
  host.enter();
  m_fd = ::socket(local.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  here.enter();
  EXPECT_GE(m_fd, 0) << std::strerror(errno);
  SocketAddress name = to_sockaddr(local, port);
  EXPECT_EQ(::bind(m_fd, name.get(), name.length), 0) << std::strerror(errno);
  if (encapsulation) {
    const int kind = UDP_ENCAP_ESPINUDP;
    EXPECT_EQ(::setsockopt(m_fd, IPPROTO_UDP, UDP_ENCAP, &kind, sizeof(kind)), 0) << std::strerror(errno);
    // Linux drops IPv6 datagrams without a checksum unless the socket asks for them (RFC 6936 section 5), and
    // our engines make none.
    const int on = 1;
    EXPECT_EQ(::setsockopt(m_fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, &on, sizeof(on)), 0) << std::strerror(errno);
    const auto exempt = xfrm::exempt_socket(m_fd, local.family());
    EXPECT_TRUE(exempt) << exempt.error().message;
  }
}

Socket::~Socket() {
  if (m_fd >= 0) {
    ::close(m_fd);
  }
}

bool Socket::send(std::string_view text, const IpAddress& to, std::uint16_t port) const {
  SocketAddress name = to_sockaddr(to, port);
  return ::sendto(m_fd, text.data(), text.size(), 0, name.get(), name.length) ==
         static_cast<ssize_t>(text.size());
}

std::string Socket::receive(int milliseconds) const {
  pollfd ready{.fd = m_fd, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, milliseconds) != 1) {
    return {};
  }
  std::array<char, 4096> buffer{};
  const ssize_t length = ::recv(m_fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
}

int exchange(const TwoHosts& hosts, const TunnelSpec& spec, int count, int milliseconds) {
  const Socket at_a(hosts.a, inner(spec, 'a'), test_port);
  const Socket at_b(hosts.b, inner(spec, 'b'), test_port);
  int returned = 0;
  for (int i = 0; i < count; ++i) {
    // Sizes on both sides of every alignment, the last near the path's MTU.
    const std::string text(i + 1 == count ? 1200U : static_cast<std::size_t>(1 + 37 * i),
                           static_cast<char>('a' + i % 26));
    at_a.send(text, inner(spec, 'b'), test_port);
    const std::string arrived = at_b.receive(milliseconds);
    if (arrived != text) {
      continue;
    }
    at_b.send(arrived, inner(spec, 'a'), test_port);
    returned += at_a.receive(milliseconds) == text ? 1 : 0;
  }
  return returned;
}

std::string errors_of(const xfrm::testing::Namespace& host) {
  const auto here = xfrm::testing::Namespace::current();
  host.enter();
  const auto counters = xfrm::read_kernel_counters();
  here.enter();
  std::string text;
  for (const xfrm::KernelCounter& counter : counters.value_or(std::vector<xfrm::KernelCounter>{})) {
    if (counter.value != 0) {
      text += fmt::format("{}={} ", counter.name, counter.value);
    }
  }
  return text;
}

}  // namespace espgate::vm
