#include "axi_slave.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace espgate::sim {
namespace {

constexpr std::uint64_t boundary = 4096;
constexpr std::uint8_t slave_error = 2;  // AXI4 SLVERR

}  // namespace

std::uint32_t AxiSlave::random() {
  if (m_random == 0) {
    m_random =
        m_memory.timing.seed * 2654435761U ^ static_cast<std::uint32_t>(std::hash<std::string>{}(m_name));
    m_random |= 1U;
  }
  // xorshift32
  m_random ^= m_random << 13;
  m_random ^= m_random >> 17;
  m_random ^= m_random << 5;
  return m_random >> 16;
}

std::uint64_t AxiSlave::due(std::uint64_t not_before) {
  const std::uint32_t jitter = m_memory.timing.jitter == 0 ? 0 : random() % (m_memory.timing.jitter + 1);
  return std::max(not_before, m_cycle + m_memory.timing.latency + jitter);
}

void AxiSlave::violation(const std::string& text) {
  m_memory.violations.push_back(fmt::format("{}: cycle {}: {}", m_name, m_cycle, text));
}

template <typename Queues>
std::optional<std::uint8_t> AxiSlave::ready_id(const Queues& queues) {
  std::optional<std::uint8_t> best;
  const std::size_t start = m_memory.timing.reorder ? random() % axi_ids : 0;
  for (std::size_t i = 0; i < axi_ids; ++i) {
    const std::size_t id = (start + i) % axi_ids;
    if (queues[id].empty() || queues[id].front().due > m_cycle) {
      continue;
    }
    if (!best || (!m_memory.timing.reorder && queues[id].front().due < queues[*best].front().due)) {
      best = static_cast<std::uint8_t>(id);
    }
  }
  return best;
}

void AxiSlave::offer_read() {
  const auto id = m_burst_id && !m_memory.timing.reorder ? m_burst_id : ready_id(m_reads);
  if (!id || stalls()) {
    return;
  }
  Read& read = m_reads[*id].front();
  m_answer.r_valid = true;
  m_answer.r_id = *id;
  m_answer.r_last = read.beats == 1;
  m_answer.r_data = {};
  const bool refused = m_memory.refuses(read.address, false);
  m_answer.r_response = refused ? slave_error : 0;
  if (!refused) {
    std::memcpy(m_answer.r_data.data(), m_memory.at(read.address, beat_bytes).data(), beat_bytes);
  }
  read.address += beat_bytes;
  --read.beats;
  m_burst_id = id;
  if (read.beats == 0) {
    m_reads[*id].pop_front();
    --m_read_count;
    m_burst_id.reset();
  }
}

void AxiSlave::store(const Acknowledgement& write) {
  std::uint64_t address = write.address;
  for (const Beat& beat : write.beats) {
    if (m_memory.refuses(address, true)) {
      m_answer.b_response = slave_error;
    } else {
      const ByteSpan bytes = m_memory.at(address, beat_bytes);
      const auto* data = reinterpret_cast<const std::uint8_t*>(beat.data.data());
      for (std::size_t i = 0; i < beat_bytes; ++i) {
        if ((beat.strobe >> i & 1) != 0) {
          bytes[i] = data[i];
        }
      }
    }
    address += beat_bytes;
  }
}

void AxiSlave::offer_acknowledgement() {
  const auto id = ready_id(m_acknowledgements);
  if (!id || stalls()) {
    return;
  }
  m_answer.b_valid = true;
  m_answer.b_id = *id;
  m_answer.b_response = 0;
  // Not a cycle earlier: a completion that does not wait for the acknowledgement is seen to be wrong.
  store(m_acknowledgements[*id].front());
  m_acknowledgements[*id].pop_front();
  --m_write_count;
}

const AxiAnswer& AxiSlave::drive(std::uint64_t cycle) {
  m_cycle = cycle;
  m_answer.ar_ready = m_read_count < m_memory.timing.outstanding && !stalls();
  m_answer.aw_ready = m_write_count < m_memory.timing.outstanding && !stalls();
  m_answer.w_ready = !stalls();
  if (!m_answer.r_valid) {
    offer_read();
  }
  if (!m_answer.b_valid) {
    offer_acknowledgement();
  }
  return m_answer;
}

void AxiSlave::check_burst(const char* channel, std::uint64_t address, std::uint32_t beats) {
  if (address % beat_bytes != 0) {
    violation(fmt::format("{} address {:#x} is not a multiple of 64", channel, address));
  }
  if (address / boundary != (address + beats * beat_bytes - 1) / boundary) {
    violation(fmt::format("{} burst of {} beats at {:#x} crosses 4 KiB", channel, beats, address));
  }
}

// AXI4 section A3.2.1: what is offered stays as it is until it is taken.
void AxiSlave::check_stable(const AxiRequest& request) {
  const AxiRequest& before = m_waiting;
  if (before.ar_valid && (!request.ar_valid || request.ar_address != before.ar_address ||
                          request.ar_length != before.ar_length || request.ar_id != before.ar_id)) {
    violation("AR changed while it waited");
  }
  if (before.aw_valid && (!request.aw_valid || request.aw_address != before.aw_address ||
                          request.aw_length != before.aw_length || request.aw_id != before.aw_id)) {
    violation("AW changed while it waited");
  }
  if (before.w_valid &&
      (!request.w_valid || request.w_last != before.w_last || request.w_strobe != before.w_strobe ||
       std::memcmp(request.w_data, m_waiting_data.data(), beat_bytes) != 0)) {
    violation("W changed while it waited");
  }
  m_waiting = request;
  m_waiting.ar_valid = request.ar_valid && !m_answer.ar_ready;
  m_waiting.aw_valid = request.aw_valid && !m_answer.aw_ready;
  m_waiting.w_valid = request.w_valid && !m_answer.w_ready;
  if (m_waiting.w_valid) {
    std::memcpy(m_waiting_data.data(), request.w_data, beat_bytes);
  }
}

void AxiSlave::join_writes() {
  while (!m_addresses.empty() && m_beats.size() >= m_addresses.front().beats) {
    const Write& address = m_addresses.front();
    Acknowledgement write{.address = address.address, .beats = {}, .due = 0};
    for (std::uint32_t i = 0; i < address.beats; ++i) {
      if (m_beats.front().last != (i + 1 == address.beats)) {
        violation(
            fmt::format("WLAST is wrong at beat {} of the {} at {:#x}", i, address.beats, address.address));
      }
      write.beats.push_back(m_beats.front());
      m_beats.pop_front();
    }
    auto& queue = m_acknowledgements.at(address.id);
    write.due = due(queue.empty() ? 0 : queue.back().due);
    queue.push_back(std::move(write));
    m_addresses.pop_front();
  }
}

void AxiSlave::accept(const AxiRequest& request) {
  check_stable(request);
  if (request.ar_valid && m_answer.ar_ready) {
    const std::uint32_t beats = request.ar_length + 1U;
    check_burst("read", request.ar_address, beats);
    auto& queue = m_reads.at(request.ar_id);
    queue.push_back(
        {.address = request.ar_address, .beats = beats, .due = due(queue.empty() ? 0 : queue.back().due)});
    ++m_read_count;
  }
  if (request.aw_valid && m_answer.aw_ready) {
    const std::uint32_t beats = request.aw_length + 1U;
    check_burst("write", request.aw_address, beats);
    m_addresses.push_back({.id = request.aw_id, .address = request.aw_address, .beats = beats});
    ++m_write_count;
  }
  if (request.w_valid && m_answer.w_ready) {
    Beat beat{.data = {}, .strobe = request.w_strobe, .last = request.w_last};
    std::memcpy(beat.data.data(), request.w_data, beat_bytes);
    m_beats.push_back(beat);
  }
  join_writes();
  if (m_answer.r_valid && request.r_ready) {
    m_answer.r_valid = false;
  }
  if (m_answer.b_valid && request.b_ready) {
    m_answer.b_valid = false;
  }
}

bool AxiSlave::quiet() const {
  return m_read_count == 0 && m_write_count == 0 && m_beats.empty() && !m_answer.r_valid && !m_answer.b_valid;
}

void AxiSlave::forget() {
  for (auto& queue : m_reads) {
    queue.clear();
  }
  for (auto& queue : m_acknowledgements) {
    queue.clear();
  }
  m_addresses.clear();
  m_beats.clear();
  m_read_count = 0;
  m_write_count = 0;
  m_burst_id.reset();
  m_answer = {};
  m_waiting = {};
}

}  // namespace espgate::sim
