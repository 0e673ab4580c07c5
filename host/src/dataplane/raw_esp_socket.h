// Unprotected side, ESP: whole IPv4 packets in both directions. Also sends the whole UDP-encapsulated IPv4
// packets that an engine built.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/named_counter.h"

namespace espgate::host::dataplane {

class RawEspSocket {
 public:
  static Expected<std::unique_ptr<RawEspSocket>> open(asio::io_context& io);
  RawEspSocket(const RawEspSocket&) = delete;
  RawEspSocket& operator=(const RawEspSocket&) = delete;
  ~RawEspSocket();

  // `on_packet` gets each ESP packet that is addressed to this host, reassembled; the bytes are valid during
  // the call only. It must not destroy the socket.
  void start(std::function<void(ByteView packet)> on_packet);
  // Sends by the destination in the packet's header; drops are counted. Never fragments.
  void send(ByteView outer_packet);
  std::vector<NamedCounter> counters() const;

 private:
  struct State;
  explicit RawEspSocket(std::unique_ptr<State> state);

  std::unique_ptr<State> m_state;
};

}  // namespace espgate::host::dataplane
