// One half of the core seen from its ports: the drivers of its three streams and the queues behind them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/bytes.h"
#include "sim/esp_core.h"

namespace espgate::sim {

inline constexpr std::size_t beat_bytes = 64;

// A beat as Verilator holds it: byte n in bits [8n+7:8n] of little-endian words.
using BeatWords = std::array<std::uint32_t, beat_bytes / 4>;

// What the half's outputs say before a clock edge.
struct StreamOutputs {
  bool input_ready = false;
  bool output_valid = false;
  bool output_last = false;
  std::uint64_t output_keep = 0;
  const std::uint32_t* output_data = nullptr;  // 16 words
  bool done_valid = false;
  Done done;
};

// What is driven into its inputs at that edge.
struct StreamInputs {
  bool input_valid = false;
  bool input_last = false;
  std::uint16_t input_length = 0;
  SendOptions input_options;
  BeatWords input_data{};
  bool output_ready = false;
  bool done_ready = false;
};

class PacketStream {
 public:
  void send(const SendOptions& options, ByteView packet);
  std::optional<Done> done(ByteSpan output);
  void hesitate(const Hesitation& hesitation, std::uint32_t stream);
  void clear();

  // The inputs for the coming clock edge. Call accept() with the same edge's outputs afterwards.
  const StreamInputs& drive();
  // Takes the transfers that happen at the edge.
  void accept(const StreamOutputs& outputs);

 private:
  struct Packet {
    SendOptions options;
    ByteView bytes;
  };
  bool happens(std::uint8_t chance);
  void load_beat();

  std::deque<Packet> m_to_send;
  std::size_t m_sent = 0;  // bytes of the front packet
  Bytes m_receiving;
  struct Received {
    Bytes bytes;
    std::uint64_t first = 0;  // cycle of its first beat
  };
  std::deque<Received> m_received;
  std::deque<std::uint64_t> m_entered;  // cycle of the first beat of each packet under way
  std::uint64_t m_receiving_first = 0;
  std::uint64_t m_cycle = 0;
  std::deque<Done> m_done;
  StreamInputs m_inputs;
  Hesitation m_hesitation;
  std::uint32_t m_random = 1;
};

}  // namespace espgate::sim
