// Tests in a network namespace of their own.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "dataplane/named_counter.h"
#include "dataplane/unique_fd.h"

namespace espgate::host::dataplane::testing {

// Runs `body` in a child process with a namespace of its own, in which lo is up and has 192.0.2.1, 192.0.2.2
// and 10.1.0.1. The test fails when an expectation in the body does, and skips, with the reason, where
// namespaces cannot be made.
void in_namespace(const std::function<void()>& body);

// Runs a command of the set-up; the test fails when the command does.
void run(const std::string& command);
std::string output_of(const std::string& command);

// Turns the loop until `done`, for at most 20 seconds: false after that.
bool run_until(asio::io_context& io, const std::function<bool()>& done);

std::uint64_t value_of(const std::vector<NamedCounter>& counters, std::string_view name);

inline IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
inline IpRange range(std::string_view text) {
  return IpRange::parse(text).value();
}

// A plain UDP socket, as a peer or a client has it.
class UdpPeer {
 public:
  UdpPeer(const IpAddress& local, std::uint16_t port);

  int fd() const { return m_fd.get(); }
  std::uint16_t port() const;
  void send(ByteView payload, const IpAddress& to, std::uint16_t port) const;

  struct Received {
    Bytes payload;
    IpAddress from;
    std::uint16_t port = 0;
  };
  // Waits for the next datagram, for at most 20 seconds; fails the test after that.
  Received receive() const;

 private:
  UniqueFd m_fd;
};

// An IPv4 packet of `protocol` with a right header.
struct Ipv4 {
  std::string_view source;
  std::string_view destination;
  std::uint8_t protocol = 0;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;
  std::uint16_t id = 0x1234;
  std::uint16_t fragment = 0;  // flags and offset as in the header
};
Bytes make_packet(const Ipv4& header, ByteView payload);
// A UDP header without checksum, and the payload.
Bytes make_udp(std::uint16_t source_port, std::uint16_t destination_port, ByteView payload);

}  // namespace espgate::host::dataplane::testing
