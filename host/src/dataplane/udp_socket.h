// A UDP socket bound to every local address, which tells and chooses the local address of each datagram.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "dataplane/read_loop.h"
#include "dataplane/receive.h"

namespace espgate::host::dataplane {

class UdpSocket {
 public:
  static Expected<UdpSocket> open(asio::io_context& io, std::uint16_t port);

  std::uint16_t port() const { return m_port; }
  // `read_one` calls read().
  void start(std::function<ReadResult()> read_one) { m_loop.start(std::move(read_one)); }
  ReadResult read(ByteSpan buffer, ReceivedPacket& packet) { return receive(m_loop.fd(), buffer, packet); }
  // One datagram of both parts; `local` unspecified leaves the address to the kernel. False when it was not
  // sent.
  bool send(const IpAddress& local, const IpAddress& remote, std::uint16_t remote_port, ByteView head,
            ByteView body);

 private:
  UdpSocket(ReadLoop loop, std::uint16_t port) : m_loop(std::move(loop)), m_port(port) {}

  ReadLoop m_loop;
  std::uint16_t m_port;
};

}  // namespace espgate::host::dataplane
