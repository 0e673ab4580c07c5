#include "netns.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>

#include "base/checksum.h"
#include "dataplane/errno_text.h"

namespace espgate::host::dataplane::testing {

namespace {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_no_namespace = 77;
constexpr unsigned test_seconds = 120;
constexpr int wait_seconds = 20;

[[noreturn]] void run_child(const std::function<void()>& body) {
  ::alarm(test_seconds);
  if (::unshare(CLONE_NEWNET) != 0) {
    ::_exit(exit_no_namespace);
  }
  run("ip link set lo up");
  for (const char* local : {"192.0.2.1/24", "192.0.2.2/24", "10.1.0.1/32"}) {
    run(std::string("ip address add ") + local + " dev lo");
  }
  // An exception must not reach the test runner, which would go on with the other tests in this process.
  try {
    if (!::testing::Test::HasFailure()) {
      body();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  std::fflush(nullptr);
  ::_exit(::testing::Test::HasFailure() ? exit_failed : exit_passed);
}

sockaddr_in socket_address(const IpAddress& address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(address.to_v4());
  return result;
}

}  // namespace

void in_namespace(const std::function<void()>& body) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "a network namespace takes root";
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    run_child(body);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "the test in the namespace ended by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == exit_no_namespace) {
    GTEST_SKIP() << "this system lets root make no network namespace (unshare CLONE_NEWNET)";
  }
  EXPECT_EQ(WEXITSTATUS(status), exit_passed) << "see the failures above";
}

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<FILE, Close> pipe(::popen(command.c_str(), "re"));
  std::string output;
  std::array<char, 4096> chunk{};
  while (pipe && std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe.get()) != nullptr) {
    output += chunk.data();
  }
  return output;
}

bool run_until(asio::io_context& io, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(wait_seconds);
  io.restart();
  while (!done()) {
    if (io.run_one_until(deadline) == 0) {
      return done();
    }
  }
  return true;
}

std::uint64_t value_of(const std::vector<NamedCounter>& counters, std::string_view name) {
  const auto found = std::ranges::find(counters, name, &NamedCounter::name);
  EXPECT_NE(found, counters.end()) << "no counter " << name;
  return found == counters.end() ? 0 : found->value;
}

UdpPeer::UdpPeer(const IpAddress& local, std::uint16_t port)
    : m_fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP)) {
  if (!m_fd.valid()) {
    ADD_FAILURE() << errno_text(errno);
    return;
  }
  const sockaddr_in name = socket_address(local, port);
  EXPECT_EQ(::bind(m_fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0)
      << errno_text(errno);
}

std::uint16_t UdpPeer::port() const {
  sockaddr_in name{};
  socklen_t length = sizeof(name);
  EXPECT_EQ(::getsockname(m_fd.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  return ntohs(name.sin_port);
}

void UdpPeer::send(ByteView payload, const IpAddress& to, std::uint16_t port) const {
  const sockaddr_in name = socket_address(to, port);
  EXPECT_EQ(::sendto(m_fd.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&name),
                     sizeof(name)),
            static_cast<ssize_t>(payload.size()))
      << errno_text(errno);
}

UdpPeer::Received UdpPeer::receive() const {
  pollfd ready{.fd = m_fd.get(), .events = POLLIN, .revents = 0};
  Received received;
  if (::poll(&ready, 1, wait_seconds * 1000) != 1) {
    ADD_FAILURE() << "no datagram came";
    return received;
  }
  received.payload.resize(65536);
  sockaddr_in from{};
  socklen_t length = sizeof(from);
  const ssize_t count = ::recvfrom(m_fd.get(), received.payload.data(), received.payload.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
  EXPECT_GE(count, 0);
  received.payload.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  received.from = IpAddress::v4(ntohl(from.sin_addr.s_addr));
  received.port = ntohs(from.sin_port);
  return received;
}

Bytes make_packet(const Ipv4& header, ByteView payload) {
  Bytes packet(20);
  packet[0] = 0x45;
  packet[1] = header.tos;
  store_be16(packet, 2, static_cast<std::uint16_t>(20 + payload.size()));
  store_be16(packet, 4, header.id);
  store_be16(packet, 6, header.fragment);
  packet[8] = header.ttl;
  packet[9] = header.protocol;
  store_be32(packet, 12, address(header.source).to_v4());
  store_be32(packet, 16, address(header.destination).to_v4());
  store_be16(packet, 10, internet_checksum(packet));
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

Bytes make_udp(std::uint16_t source_port, std::uint16_t destination_port, ByteView payload) {
  Bytes datagram(8);
  store_be16(datagram, 0, source_port);
  store_be16(datagram, 2, destination_port);
  store_be16(datagram, 4, static_cast<std::uint16_t>(8 + payload.size()));
  datagram.insert(datagram.end(), payload.begin(), payload.end());
  return datagram;
}

}  // namespace espgate::host::dataplane::testing
