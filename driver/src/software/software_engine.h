// The software engine: the reference of what every engine answers. A packet is transformed at submit; its
// completion waits in a queue of fixed size, so that the caller sees the same flow as with hardware.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <unordered_map>
#include <vector>

#include "driver/engine.h"
#include "event_queue.h"
#include "ring.h"
#include "software/inbound.h"
#include "software/outbound.h"
#include "software/outer_packet.h"
#include "software/sa_table.h"
#include "software/spd_cache.h"

namespace espgate::driver::software {

inline constexpr std::size_t queue_packets = 1024;
inline constexpr std::uint32_t max_packet_bytes = 16384;

class SoftwareEngine final : public Engine {
 public:
  explicit SoftwareEngine(const SoftwareEngineOptions& options);

  const Capabilities& capabilities() const override { return m_capabilities; }

  Expected<SaIndex> add_outbound(const OutboundSa& sa) override;
  Expected<SaIndex> add_inbound(const InboundSa& sa) override;
  Expected<> remove(Direction direction, SaIndex index) override;
  Expected<> renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) override;
  Expected<> cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) override;
  Expected<> forget_policy(Direction direction, const Flow& flow) override;

  Expected<ByteSpan> packet_memory(std::size_t bytes) override;
  std::size_t submit(Direction direction, std::span<const PacketRequest> requests) override;
  std::size_t poll(Direction direction, std::span<Completion> completions) override;
  std::size_t poll_events(std::span<Event> events) override { return m_events.poll(events); }
  std::size_t in_flight(Direction direction) const override { return half(direction).completions.size(); }

  Expected<Counters> counters() override {
    return Counters{.outbound = m_outbound.counters, .inbound = m_inbound.counters, .cycles = 0};
  }
  Expected<OutboundSaCounters> outbound_sa_counters(SaIndex index) override;
  Expected<InboundSaCounters> inbound_sa_counters(SaIndex index) override;
  Expected<> self_test(SelfTest how) override;
  Expected<> health() override;

 private:
  struct Half {
    explicit Half(std::uint32_t spd_cache_entries) : cache(spd_cache_entries) {}

    Ring<Completion> completions{queue_packets};
    DirectionCounters counters;
    SpdCache cache;
  };
  Half& half(Direction direction) { return direction == Direction::outbound ? m_outbound : m_inbound; }
  const Half& half(Direction direction) const {
    return direction == Direction::outbound ? m_outbound : m_inbound;
  }
  void protect(const PacketRequest& request, Completion& completion);
  void unprotect(const PacketRequest& request, Completion& completion);
  // Memory on a boundary of packet_alignment.
  struct Free {
    void operator()(std::uint8_t* bytes) const {
      ::operator delete[](bytes, std::align_val_t{packet_alignment});
    }
  };
  using Block = std::unique_ptr<std::uint8_t[], Free>;

  Verdict prepare(const PacketRequest& request, InnerPacket& packet) const;
  // The verdict of a look-up; protect leaves the SA in the completion.
  Verdict look_up(const PacketRequest& request, const InnerPacket& packet, Completion& completion) const;
  void decide_cleartext(const PacketRequest& request, const OuterPacket& packet,
                        Completion& completion) const;
  void raise(Direction direction, std::uint32_t row, EventKinds kinds);

  Capabilities m_capabilities;
  CryptoLibrary m_crypto;
  SaTable<OutboundRow> m_outbound_rows;
  SaTable<InboundRow> m_inbound_rows;
  std::unordered_map<std::uint32_t, std::uint32_t> m_spis;  // SPI to inbound row
  EventQueue m_events;
  Half m_outbound;
  Half m_inbound;
  bool m_self_test_failed = false;
  const char* m_failure = nullptr;
  std::vector<Block> m_blocks;  // of packet_memory()
};

}  // namespace espgate::driver::software
