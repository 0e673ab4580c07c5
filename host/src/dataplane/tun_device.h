// Protected side: a TUN device that carries whole IPv4 packets.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/named_counter.h"

namespace espgate::host::dataplane {

class TunDevice {
 public:
  // Opens, sets the MTU and brings it up. Not persistent: the kernel takes the device, and the routes into
  // it, away when the process ends, however it ends.
  static Expected<std::unique_ptr<TunDevice>> open(asio::io_context& io, const std::string& name,
                                                   std::uint32_t mtu);
  TunDevice(const TunDevice&) = delete;
  TunDevice& operator=(const TunDevice&) = delete;
  ~TunDevice();

  // `on_packet` gets what the host routes into the device; the bytes are valid during the call only. It must
  // not destroy the device.
  void start(std::function<void(ByteView packet)> on_packet);
  // Hands a packet to the host; drops are counted.
  void send(ByteView packet);
  const std::string& name() const;
  std::vector<NamedCounter> counters() const;

 private:
  struct State;
  explicit TunDevice(std::unique_ptr<State> state);

  std::unique_ptr<State> m_state;
};

}  // namespace espgate::host::dataplane
