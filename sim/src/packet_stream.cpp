#include "packet_stream.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace espgate::sim {

static_assert(std::endian::native == std::endian::little, "beats are copied as they stand in memory");

void PacketStream::send(const SendOptions& options, ByteView packet) {
  m_to_send.push_back({options, packet});
}

std::optional<Done> PacketStream::done(ByteSpan output) {
  if (m_done.empty()) {
    return std::nullopt;
  }
  Done record = m_done.front();
  if (record.length != 0) {
    // A completion may be ahead of its data.
    if (m_received.empty()) {
      return std::nullopt;
    }
    const Bytes& bytes = m_received.front().bytes;
    std::copy_n(bytes.begin(), std::min(bytes.size(), output.size()), output.begin());
    record.latency = m_received.front().first - m_entered.front();
    m_received.pop_front();
  }
  m_entered.pop_front();
  m_done.pop_front();
  return record;
}

void PacketStream::hesitate(const Hesitation& hesitation, std::uint32_t stream) {
  m_hesitation = hesitation;
  m_random = (hesitation.seed * 2 + stream) * 2654435761U | 1U;
}

void PacketStream::clear() {
  m_to_send.clear();
  m_sent = 0;
  m_receiving.clear();
  m_received.clear();
  m_entered.clear();
  m_done.clear();
  m_inputs = {};
}

bool PacketStream::happens(std::uint8_t chance) {
  if (chance == 0) {
    return false;
  }
  // xorshift32
  m_random ^= m_random << 13;
  m_random ^= m_random >> 17;
  m_random ^= m_random << 5;
  return (m_random >> 16 & 0xff) < chance;
}

void PacketStream::load_beat() {
  const Packet& packet = m_to_send.front();
  const std::size_t count = std::min(beat_bytes, packet.bytes.size() - m_sent);
  m_inputs.input_data = {};
  if (count > 0) {
    std::memcpy(m_inputs.input_data.data(), packet.bytes.data() + m_sent, count);
  }
  m_inputs.input_last = m_sent + count == packet.bytes.size();
  m_inputs.input_length = static_cast<std::uint16_t>(packet.bytes.size());
  m_inputs.input_options = packet.options;
}

const StreamInputs& PacketStream::drive() {
  // Once offered, a beat stays until it is taken (AXI4-Stream).
  if (!m_inputs.input_valid && !m_to_send.empty() && !happens(m_hesitation.input_bubble)) {
    load_beat();
    m_inputs.input_valid = true;
  }
  m_inputs.output_ready = !happens(m_hesitation.output_stall);
  m_inputs.done_ready = !happens(m_hesitation.output_stall);
  return m_inputs;
}

void PacketStream::accept(const StreamOutputs& outputs) {
  ++m_cycle;
  if (m_inputs.input_valid && outputs.input_ready) {
    m_inputs.input_valid = false;
    if (m_sent == 0) {
      m_entered.push_back(m_cycle);
    }
    m_sent += beat_bytes;
    if (m_inputs.input_last) {
      m_to_send.pop_front();
      m_sent = 0;
    }
  }
  if (outputs.output_valid && m_inputs.output_ready) {
    const auto count = static_cast<std::size_t>(std::popcount(outputs.output_keep));
    const std::size_t at = m_receiving.size();
    if (at == 0) {
      m_receiving_first = m_cycle;
    }
    m_receiving.resize(at + count);
    std::memcpy(m_receiving.data() + at, outputs.output_data, count);
    if (outputs.output_last) {
      m_received.push_back({.bytes = std::move(m_receiving), .first = m_receiving_first});
      m_receiving.clear();
    }
  }
  if (outputs.done_valid && m_inputs.done_ready) {
    m_done.push_back(outputs.done);
  }
}

}  // namespace espgate::sim
