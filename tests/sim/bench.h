// An EspCore with SAs in it: programs rows, sends packets, reads counters, all through the public ports.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "card/registers.h"
#include "reference.h"
#include "sim/esp_core.h"
#include "table_hash.h"

namespace espgate::sim::test {

namespace regs = espgate::driver::registers;
using espgate::test::table_index;

// Verdict codes of hw/registers.toml.
enum Verdict : std::uint8_t {
#define ESPGATE_VERDICT(name, code, kind, text) name = code,
#include "driver/verdicts.def"
#undef ESPGATE_VERDICT
};

struct OutboundSa {
  std::uint32_t spi = 0x1000;
  Bytes key = Bytes(16, 0x11);
  std::array<std::uint8_t, 4> salt{1, 2, 3, 4};
  bool esn = false;
  std::optional<Encapsulation> encapsulation;
  std::uint32_t df_policy = regs::df_policy_copy;
  std::optional<std::uint8_t> dscp;
  std::uint8_t hop_limit = 64;
  std::uint32_t outer_source = 0xc0000201;
  std::uint32_t outer_destination = 0xc0000202;
  std::uint64_t next_sequence = 1;
  std::uint64_t lease_limit = ~std::uint64_t{0};
  std::uint64_t lease_low = ~std::uint64_t{0};
  std::uint64_t next_hop = 0x020000000001;

  // The ESP packet that an inner packet becomes.
  Bytes expect(ByteView inner, std::uint64_t sequence) const;
};

struct InboundSa {
  std::uint32_t spi = 0x2000;
  Bytes key = Bytes(16, 0x22);
  std::array<std::uint8_t, 4> salt{5, 6, 7, 8};
  bool esn = false;
  bool encapsulated = false;
  bool replay_check = true;
  std::optional<std::uint8_t> protocol;
  std::uint32_t outer_destination = 0xc0000201;
  std::uint32_t source_first = 0, source_last = ~0U;
  std::uint32_t destination_first = 0, destination_last = ~0U;
  std::uint16_t source_port_first = 0, source_port_last = 65535;
  std::uint16_t destination_port_first = 0, destination_port_last = 65535;
  std::uint64_t replay_top = 0;
  std::uint64_t next_hop = 0x020000000002;

  Esp esp(std::uint64_t sequence) const;
  // A whole packet as the peer would send it.
  Bytes packet(std::uint64_t sequence, ByteView inner, std::uint8_t outer_tos = 0) const;
  // The same around ESP bytes that a test has made itself.
  Bytes outer(Bytes esp, std::uint8_t tos = 0, std::size_t option_words = 0) const;
};

// A finished packet with its bytes.
struct Result {
  Done done;
  Bytes bytes;
};

// An entry of the event queue.
struct Event {
  std::uint32_t sa = 0;
  Side side = Side::outbound;
  std::uint32_t kinds = 0;  // one bit for each event_kind
  bool operator==(const Event&) const = default;
};
// From the layout of register event_data.
Event event_of(std::uint32_t data);

class Bench {
 public:
  explicit Bench(const std::string& trace_path = {});

  EspCore& core() { return *m_core; }

  // The row's words as they are written to sa_data.
  static std::vector<std::uint32_t> row(const OutboundSa& sa);
  static std::vector<std::uint32_t> row(const InboundSa& sa);

  void add(std::uint32_t index, const OutboundSa& sa);
  // Row and SPI entry, in the given way or in the first one whose place no other SPI has.
  void add(std::uint32_t index, const InboundSa& sa, std::optional<std::uint32_t> way = std::nullopt);
  void remove(Side side, std::uint32_t index);
  void renew_lease(std::uint32_t index, std::uint64_t limit, std::uint64_t low);
  void write_shadow(const std::vector<std::uint32_t>& words);
  // Writes the place that the SPI has in this way.
  void spi_entry(std::uint32_t spi, std::uint32_t way, std::uint32_t index, bool valid);
  // Writes a command and waits until it is done; false when it was rejected.
  bool command(std::uint32_t offset, std::uint32_t value);

  // Queues a packet; the bench keeps its bytes.
  void send(Side side, const SendOptions& options, Bytes packet);
  // Clocks until `count` packets have finished; fewer come back when the core stops making progress.
  std::vector<Result> collect(Side side, std::size_t count);
  Result one(Side side, const SendOptions& options, Bytes packet);

  std::vector<std::uint64_t> snapshot(std::uint32_t set, std::uint32_t index, std::size_t counters);
  // Reads the event register until the queue is empty.
  std::vector<Event> events();

 private:
  using SpiPlace = std::pair<std::uint32_t, std::uint32_t>;  // way, index
  SpiPlace spi_place(std::uint32_t spi, std::uint32_t way);
  std::uint32_t free_way(std::uint32_t spi);

  std::unique_ptr<EspCore> m_core;
  std::map<SpiPlace, std::uint32_t> m_spis;
  std::vector<std::unique_ptr<Bytes>> m_packets;
};

}  // namespace espgate::sim::test
