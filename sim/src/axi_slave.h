// One AXI4 slave port in front of a Memory, 64 bytes wide: queues, delays and answers the accesses of one
// master and checks what the master does.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "packet_stream.h"
#include "sim/memory.h"

namespace espgate::sim {

inline constexpr std::size_t axi_ids = 4;

// What the master drives before a clock edge. IDs are 0 where it has none.
struct AxiRequest {
  bool ar_valid = false;
  std::uint8_t ar_id = 0;
  std::uint64_t ar_address = 0;
  std::uint8_t ar_length = 0;  // beats - 1
  bool r_ready = false;
  bool aw_valid = false;
  std::uint8_t aw_id = 0;
  std::uint64_t aw_address = 0;
  std::uint8_t aw_length = 0;
  bool w_valid = false;
  bool w_last = false;
  std::uint64_t w_strobe = 0;
  const std::uint32_t* w_data = nullptr;  // 16 words
  bool b_ready = false;
};

// What the slave drives.
struct AxiAnswer {
  bool ar_ready = false;
  bool r_valid = false;
  bool r_last = false;
  std::uint8_t r_id = 0;
  std::uint8_t r_response = 0;
  BeatWords r_data{};
  bool aw_ready = false;
  bool w_ready = false;
  bool b_valid = false;
  std::uint8_t b_id = 0;
  std::uint8_t b_response = 0;
};

class AxiSlave {
 public:
  AxiSlave(std::string name, Memory& memory) : m_name(std::move(name)), m_memory(memory) {}

  // The answer for the coming clock edge. Call accept() with the same edge's request afterwards.
  const AxiAnswer& drive(std::uint64_t cycle);
  void accept(const AxiRequest& request);
  // What drive() returned last.
  const AxiAnswer& answer() const { return m_answer; }
  // Everything that was accepted has been answered.
  bool quiet() const;
  // Forgets what a master in reset left behind: checks start afresh.
  void forget();

 private:
  struct Read {
    std::uint64_t address;
    std::uint32_t beats;
    std::uint64_t due;
  };
  struct Write {
    std::uint8_t id;
    std::uint64_t address;
    std::uint32_t beats;
  };
  struct Beat {
    BeatWords data;
    std::uint64_t strobe;
    bool last;
  };
  struct Acknowledgement {
    std::uint64_t address;
    std::vector<Beat> beats;
    std::uint64_t due;
  };

  std::uint32_t random();
  bool stalls() { return m_memory.timing.stall != 0 && (random() & 0xff) < m_memory.timing.stall; }
  std::uint64_t due(std::uint64_t not_before);
  // An ID whose oldest access is due; the first asked for without reordering, any with it.
  template <typename Queues>
  std::optional<std::uint8_t> ready_id(const Queues& queues);
  void offer_read();
  void offer_acknowledgement();
  void join_writes();
  void store(const Acknowledgement& write);
  void check_burst(const char* channel, std::uint64_t address, std::uint32_t beats);
  void check_stable(const AxiRequest& request);
  void violation(const std::string& text);

  std::string m_name;
  Memory& m_memory;
  std::uint64_t m_cycle = 0;
  std::uint32_t m_random = 0;
  AxiAnswer m_answer;
  std::array<std::deque<Read>, axi_ids> m_reads;
  std::size_t m_read_count = 0;
  std::optional<std::uint8_t> m_burst_id;  // of the read burst under way, when beats do not interleave
  std::deque<Write> m_addresses;
  std::deque<Beat> m_beats;
  std::array<std::deque<Acknowledgement>, axi_ids> m_acknowledgements;
  std::size_t m_write_count = 0;
  // What was offered and not taken at the edge before.
  AxiRequest m_waiting;
  BeatWords m_waiting_data{};
};

}  // namespace espgate::sim
