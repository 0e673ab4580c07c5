// Unprotected side, UDP: IKE on port 500, IKE and ESP in UDP on port 4500 (RFC 3948).
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/named_counter.h"
#include "ike/stack.h"

namespace espgate::host::dataplane {

class IkeSockets {
 public:
  // Ports are 500 and 4500 unless the configuration says otherwise; bound to every local address (0.0.0.0).
  static Expected<std::unique_ptr<IkeSockets>> open(asio::io_context& io, std::uint16_t port = 500,
                                                    std::uint16_t nat_t_port = 4500);
  IkeSockets(const IkeSockets&) = delete;
  IkeSockets& operator=(const IkeSockets&) = delete;
  ~IkeSockets();

  // on_ike: a message without the non-ESP marker. on_esp: a whole IPv4/UDP packet as on the wire; the bytes
  // are valid during the call only. Neither may destroy the sockets.
  void start(std::function<void(ike::Datagram)> on_ike, std::function<void(ByteView packet)> on_esp);
  // From datagram.local, the kernel's choice of address when it is unspecified; drops are counted. Adds the
  // marker when datagram.local.port is the NAT-T port.
  void send(const ike::Datagram& datagram);
  // RFC 3948 section 2.3; from the NAT-T port only.
  void send_keepalive(const ike::Endpoint& local, const ike::Endpoint& remote);
  std::vector<NamedCounter> counters() const;

 private:
  struct State;
  explicit IkeSockets(std::unique_ptr<State> state);

  std::unique_ptr<State> m_state;
};

}  // namespace espgate::host::dataplane
