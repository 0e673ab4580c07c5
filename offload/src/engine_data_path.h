// DataPath on one Engine.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "driver/engine.h"
#include "engine_watch.h"
#include "offload/data_path.h"
#include "packet_pool.h"
#include "policy_counters.h"
#include "sad.h"
#include "spi_allocator.h"

namespace espgate::offload {

class EngineDataPath final : public DataPath {
 public:
  EngineDataPath(std::unique_ptr<driver::Engine> engine, PacketSink& sink, const LeasePolicy& lease,
                 Standby standby);
  ~EngineDataPath() override;

  Spd& spd() override { return m_spd; }
  const driver::Capabilities& capabilities() const override { return m_engine->capabilities(); }

  Expected<> can_carry(const ChildSaSpec& spec) const override;
  Expected<std::uint32_t> allocate_spi() override { return m_spis.allocate(); }
  void release_spi(std::uint32_t spi) override;
  Expected<> install(const ChildSaSpec& spec) override;
  void use_outbound(std::uint32_t id) override { m_sad.use_outbound(id); }
  void stop_outbound(std::uint32_t id) override { m_sad.stop_outbound(id); }
  void remove(std::uint32_t id) override;

  void submit_outbound(ByteView packet) override;
  void submit_inbound(ByteView packet) override;
  bool poll() override;

  Expected<Statistics> statistics() override;

 private:
  // Reasons and buffers of one direction.
  struct Lane {
    driver::Direction direction;
    PolicyReason too_long;
    PolicyReason queue_full;
    PolicyReason engine_failed;
    PolicyReason engine_lost;
    PacketPool pool;
  };
  struct Bypassed {
    PacketPool::Slot slot = 0;
    std::size_t length = 0;
  };

  Lane make_lane(driver::Direction direction) const;
  // A buffer that holds the packet; nullopt, and counted for the lane, when there is none.
  std::optional<PacketPool::Slot> take_buffer(PacketPool& pool, const Lane& lane, ByteView packet);
  void submit(Lane& lane, ByteView packet, driver::SaIndex sa);
  void bypass(ByteView packet);
  // How many packets were finished.
  std::size_t deliver(Lane& lane);
  void finish(Lane& lane, const driver::Completion& completion);
  void deliver_bypassed();
  void take_events();
  void take_event(const driver::Event& event);
  void ask_for_renewal(Sa& sa);
  void ask_for_renewal(driver::SaIndex outbound);
  void renew_leases();
  void engine_failed(std::string reason);
  void recover_engine();
  void fail_over();
  // False when the engine does not take it.
  bool carry_on(Sa& sa);
  // What the engine has after a recovery is what the data path goes on from.
  Expected<> resume();
  void remove_half(driver::Direction direction, driver::SaIndex index);

  std::unique_ptr<driver::Engine> m_engine;
  Standby m_standby;
  std::string m_no_standby;  // why there is none, once that is known
  PacketSink& m_sink;
  LeasePolicy m_lease;
  // Bytes: what the buffers hold and the engine takes.
  std::size_t m_longest_packet;
  Spd m_spd;
  Sad m_sad;
  SpiAllocator m_spis;
  PolicyCounters m_counters;
  Lane m_outbound;
  Lane m_inbound;
  PacketPool m_bypass_pool;
  std::vector<Bypassed> m_bypassed;
  std::size_t m_renewals_due = 0;
  EngineWatch m_watch;
  std::array<driver::Completion, 64> m_completions;
};

}  // namespace espgate::offload
