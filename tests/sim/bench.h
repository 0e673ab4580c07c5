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
#include "inbound_sa.h"
#include "outbound_sa.h"
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
  // Around a core that has just been reset.
  explicit Bench(std::unique_ptr<EspCore> core);

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
  // Writes the place that the flow has in this way. An entry that is not valid empties it.
  void cache_entry(Side side, const Flow& flow, std::uint32_t policy, std::uint32_t sa = 0,
                   std::uint32_t way = 0, bool valid = true);
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
