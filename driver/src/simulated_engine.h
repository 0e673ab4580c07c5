// The RTL under Verilator as an Engine. Registers go through card/; packets through the simulator's streams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "card/register_port.h"
#include "card/sa_tables.h"
#include "driver/engine.h"
#include "event_queue.h"
#include "ring.h"
#include "sim/esp_core.h"

namespace espgate::driver {

class SimulatedEngine final : public Engine {
 public:
  static Expected<std::unique_ptr<SimulatedEngine>> create(const SimulatedEngineOptions& options);
  // On a core that has just been reset.
  static Expected<std::unique_ptr<SimulatedEngine>> create(std::unique_ptr<sim::EspCore> core);
  // Pulls the core's reset, whatever is on its way, and gives it back; the engine is over.
  std::unique_ptr<sim::EspCore> reset() &&;

  const Capabilities& capabilities() const override { return m_tables.capabilities(); }
  Expected<SaIndex> add_outbound(const OutboundSa& sa) override;
  Expected<SaIndex> add_inbound(const InboundSa& sa) override;
  // Runs the clock until what was submitted in that direction is through.
  Expected<> remove(Direction direction, SaIndex index) override;
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) override;
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) override {
    return m_tables.cache_policy(direction, flow, policy, sa);
  }
  Expected<> forget_policy(Direction direction, const Flow& flow) override {
    return m_tables.forget_policy(direction, flow);
  }

  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override;
  std::size_t poll(Direction direction, std::span<Completion> completions) override;
  std::size_t poll_events(std::span<Event> events) override;
  std::size_t in_flight(Direction direction) const override;

  Expected<Counters> counters() override;
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override;
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override;
  // Runs the clock until everything that was submitted is through.
  Expected<> self_test(SelfTest how) override;
  Expected<> health() override;

  // For tests: bubbles and stalls on the packet streams.
  void hesitate(const sim::Hesitation& hesitation) { m_core->hesitate(hesitation); }

 private:
  class Registers final : public card::RegisterPort {
   public:
    explicit Registers(sim::EspCore& core) : m_core(core) {}
    std::uint32_t read(std::uint32_t offset) override { return m_core.read(offset); }
    void write(std::uint32_t offset, std::uint32_t value) override { m_core.write(offset, value); }

   private:
    sim::EspCore& m_core;
  };

  struct Pending {
    std::uint64_t cookie = 0;
    SaIndex sa;
    bool lookup = false;
    ByteSpan output;
    // A frame that the streams cannot carry is answered here.
    std::optional<Verdict> answer;
  };
  static constexpr std::size_t queue_packets = 1024;
  struct Half {
    Ring<Pending> pending{queue_packets};
    Ring<Completion> ready{queue_packets};
    DirectionCounters counted_here;  // what never reached the core, and events that found m_events full
  };

  SimulatedEngine(std::unique_ptr<sim::EspCore> core, std::unique_ptr<Registers> registers,
                  card::SaTables tables);

  Half& half(Direction direction) { return direction == Direction::outbound ? m_outbound : m_inbound; }
  void enqueue(Direction direction, const PacketRequest& request);
  // Runs the clock for at most `cycles`, until `direction` has `wanted` completions ready or nothing pending.
  void run(Direction direction, std::size_t wanted, std::uint32_t cycles);
  Expected<> drain(Direction direction);
  void collect(Direction direction);
  Completion complete(Direction direction, const Pending& pending, const sim::Done& done);
  // Takes what the core's event queue holds, so that it does not overflow.
  void take_events();

  std::unique_ptr<sim::EspCore> m_core;
  std::unique_ptr<Registers> m_registers;
  card::SaTables m_tables;
  EventQueue m_events;
  Half m_outbound;
  Half m_inbound;
  std::uint32_t m_finished = 0;     // packets since the last take_events()
  std::uint64_t m_idle_cycles = 0;  // since a packet was last finished, while some are pending
  bool m_self_test_failed = false;
  std::string m_failure;
};

}  // namespace espgate::driver
