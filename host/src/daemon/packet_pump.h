// Moves packets: from the devices into the data path, from the data path to the devices, and runs the engine
// while it has work.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>

#include "daemon/hold_queue.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

class PacketPump final : private offload::PacketSink {
 public:
  using Send = std::function<void(ByteView packet)>;

  using OnEngineReplaced =
      std::function<void(const std::string& reason, const std::vector<std::uint32_t>& lost)>;

  PacketPump(asio::io_context& io, std::unique_ptr<driver::Engine> engine,
             offload::DataPath::Standby standby = {});
  PacketPump(const PacketPump&) = delete;
  PacketPump& operator=(const PacketPump&) = delete;
  ~PacketPump() override;

  // Where packets go; without it they are dropped, which is so only before the devices are open.
  void to_devices(Send unprotected, Send protected_side);

  offload::DataPath& data_path() { return *m_data_path; }
  // From the protected side.
  void outbound(ByteView packet);
  // Packets of entries that ask for SAs on demand.
  HoldQueue& held() { return m_held; }
  // Told from the event loop that the engine failed for good and the standby carries on, without some SAs.
  void on_engine_replaced(OnEngineReplaced on_replaced) { m_on_engine_replaced = std::move(on_replaced); }
  // An SPD entry has an SA: what waited for it goes out.
  void release(const std::string& entry);
  // From the unprotected side.
  void inbound(ByteView packet);

 private:
  void to_unprotected(ByteView packet) override;
  void to_protected(ByteView packet) override;
  bool hold(const std::string& entry, ByteView packet) override { return m_held.hold(entry, packet); }
  void engine_replaced(const std::string& reason, const std::vector<std::uint32_t>& lost) override;
  void schedule();

  asio::io_context& m_io;
  Send m_unprotected;
  Send m_protected;
  OnEngineReplaced m_on_engine_replaced;
  HoldQueue m_held;
  std::unique_ptr<offload::DataPath> m_data_path;
  bool m_scheduled = false;
  // Shared with what is posted on the loop, which may outlive the pump.
  std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace espgate::host::daemon
