// A card as an Engine: SAs through registers, packets and events through rings in memory. The card may be a
// simulated one or behind XRT; nothing here knows.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "card/card.h"
#include "card/event_ring.h"
#include "card/lookaside_ring.h"
#include "card/packet_memory.h"
#include "card/sa_tables.h"
#include "card/watchdog.h"
#include "driver/engine.h"
#include "event_queue.h"
#include "ring.h"

namespace espgate::driver::card {

struct CardEngineOptions {
  std::string name;  // in capabilities and messages
  // 8 ms at 250 MHz, a thousand times what a packet takes.
  std::uint64_t hang_cycles = 2'000'000;
};

class CardEngine final : public Engine {
 public:
  // On a card that has just been reset.
  static Expected<std::unique_ptr<CardEngine>> create(std::unique_ptr<Card> card,
                                                      const CardEngineOptions& options);
  // Resets the card, whatever is on its way, and gives it back; the engine is over.
  static Expected<std::unique_ptr<Card>> reset(std::unique_ptr<CardEngine> engine);

  const Capabilities& capabilities() const override { return m_tables.capabilities(); }
  Expected<SaIndex> add_outbound(const OutboundSa& sa) override;
  Expected<SaIndex> add_inbound(const InboundSa& sa) override;
  // Waits until what was submitted in that direction is through.
  Expected<> remove(Direction direction, SaIndex index) override;
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) override;
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) override {
    return m_tables.cache_policy(direction, flow, policy, sa);
  }
  Expected<> forget_policy(Direction direction, const Flow& flow) override {
    return m_tables.forget_policy(direction, flow);
  }

  Expected<ByteSpan> packet_memory(std::size_t bytes) override { return m_packet_memory.add(*m_card, bytes); }
  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override;
  std::size_t poll(Direction direction, std::span<Completion> completions) override;
  std::size_t poll_events(std::span<Event> events) override;
  std::size_t in_flight(Direction direction) const override { return lane(direction).pending.size(); }

  Expected<Counters> counters() override;
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override {
    return m_tables.outbound_sa_counters(index);
  }
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override {
    return m_tables.inbound_sa_counters(index);
  }
  // Waits until everything that was submitted is through.
  Expected<> self_test(SelfTest how) override;
  Expected<> recover() override;
  Expected<> health() override;

 private:
  struct Pending {
    std::uint64_t cookie = 0;
    SaIndex sa;
    bool lookup = false;
    ByteView input;
    ByteSpan output;
    // Where the output is already, when the card writes it there.
    std::optional<PacketMemory::Place> in_place;
    // A frame that the card cannot take is answered here.
    std::optional<Verdict> answer;
  };
  // Packets of one direction. For each entry of the ring there is room for one whose caller's buffers the
  // card does not reach.
  struct Lane {
    LookasideRing ring;
    std::unique_ptr<DmaBuffer> inputs;
    std::unique_ptr<DmaBuffer> outputs;
    Ring<Pending> pending;
    std::vector<Carried> carried;    // of each row
    DirectionCounters counted_here;  // what never reached the card, and events that found m_events full
  };

  CardEngine(std::unique_ptr<Card> card, const CardEngineOptions& options, card::SaTables tables,
             std::array<Lane, 2> lanes, EventRing events);
  static Expected<Lane> make_lane(Card& card, Direction direction, const Capabilities& capabilities);

  Lane& lane(Direction direction) { return m_lanes.at(static_cast<std::size_t>(direction)); }
  const Lane& lane(Direction direction) const { return m_lanes.at(static_cast<std::size_t>(direction)); }
  void enqueue(Lane& lane, const PacketRequest& request);
  void post(Lane& lane, const PacketRequest& request, Pending& pending);
  // The oldest packet's completion, when it is there.
  std::optional<Completion> take(Direction direction);
  // nullopt, and the engine has failed, when it is none that a card gives.
  std::optional<Completion> complete(Direction direction, const Pending& pending,
                                     const LookasideRing::Done& done);
  // Notes what the SA has carried.
  void note(Direction direction, const Pending& pending, const Completion& completion);
  // Lets time pass for a card that does not finish what it has.
  void wait();
  // Stops the engine when nothing answers.
  bool is_there();
  // Stops the engine when the card hangs.
  void check_clock(std::uint64_t cycles);
  Expected<> drain(Direction direction);
  // Takes the events that are in memory; with `all`, also those that are on their way there.
  void take_events(bool all);
  std::unexpected<Error> stop(std::string message);

  std::unique_ptr<Card> m_card;  // outlives all that has memory of it
  CardEngineOptions m_options;
  SaTables m_tables;
  PacketMemory m_packet_memory;
  std::array<Lane, 2> m_lanes;
  EventRing m_event_ring;
  EventQueue m_events;
  Watchdog m_watchdog;
  std::uint32_t m_empty_event_polls = 0;
  std::uint32_t m_finished = 0;  // packets since events were last taken
  bool m_self_test_failed = false;
  std::string m_failure;  // empty while the card answers as it should
};

}  // namespace espgate::driver::card
