#include "lookaside_host.h"

#include <algorithm>
#include <stdexcept>

namespace espgate::sim::test {

std::uint64_t LookasideHost::get(ByteView entry, driver::registers::Field field) const {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < field.width && i < 64; ++i) {
    const std::uint32_t bit = field.lsb + i;
    value |= std::uint64_t{entry[bit / 8] >> bit % 8 & 1U} << i;
  }
  return value;
}

void LookasideHost::put(ByteSpan entry, driver::registers::Field field, std::uint64_t value) {
  for (std::uint32_t i = 0; i < field.width && i < 64; ++i) {
    const std::uint32_t bit = field.lsb + i;
    if ((value >> i & 1) != 0) {
      entry[bit / 8] = static_cast<std::uint8_t>(entry[bit / 8] | 1U << bit % 8);
    }
  }
}

std::uint64_t LookasideHost::allocate(std::size_t bytes) {
  constexpr std::uint64_t page = 4096;
  const std::uint64_t at = m_next;
  m_next += (bytes + page - 1) / page * page;
  if (m_next - Memory::base > m_card.memory().bytes().size()) {
    throw std::runtime_error("the test needs more memory than the card has");
  }
  return at;
}

void LookasideHost::start(Side side, std::uint32_t log2) {
  Flow& f = flow(side);
  const std::size_t bytes = std::size_t{shell::descriptor_bytes} << log2;
  if (f.log2 != log2) {
    f.descriptors = allocate(bytes);
    f.completions = allocate(bytes);
  }
  f.log2 = log2;
  f.posted = 0;
  f.completed = 0;
  std::ranges::fill(m_card.memory().at(f.completions, bytes), std::uint8_t{0});
  set_ring(side, shell::reg_descriptor_base_low, static_cast<std::uint32_t>(f.descriptors));
  set_ring(side, shell::reg_descriptor_base_high, static_cast<std::uint32_t>(f.descriptors >> 32));
  set_ring(side, shell::reg_completion_base_low, static_cast<std::uint32_t>(f.completions));
  set_ring(side, shell::reg_completion_base_high, static_cast<std::uint32_t>(f.completions >> 32));
  set_ring(side, shell::reg_size_log2, log2);
  command(bit(side == Side::outbound ? shell::command_start_outbound : shell::command_start_inbound));
}

void LookasideHost::start_events(std::uint32_t log2) {
  const std::size_t bytes = std::size_t{shell::event_bytes} << log2;
  m_events = allocate(bytes);
  m_events_log2 = log2;
  m_events_taken = 0;
  std::ranges::fill(m_card.memory().at(m_events, bytes), std::uint8_t{0});
  m_card.write(shell::reg_event_base_low, static_cast<std::uint32_t>(m_events));
  m_card.write(shell::reg_event_base_high, static_cast<std::uint32_t>(m_events >> 32));
  m_card.write(shell::reg_event_size_log2, log2);
  command(bit(shell::command_start_events));
}

void LookasideHost::post(Side side, const Descriptor& d) {
  namespace f = shell::descriptor;
  Flow& to = flow(side);
  const std::uint32_t entry = to.posted++ & ((1U << to.log2) - 1);
  const ByteSpan at =
      m_card.memory().at(to.descriptors + entry * shell::descriptor_bytes, shell::descriptor_bytes);
  std::ranges::fill(at, std::uint8_t{0});
  put(at, f::cookie, d.cookie);
  put(at, f::input_address, d.input);
  put(at, f::output_address, d.output);
  put(at, f::length, d.length);
  put(at, f::capacity, d.capacity);
  put(at, f::sa, d.sa);
  put(at, f::spd, d.spd);
  put(at, f::lookup, d.lookup ? 1 : 0);
  put(at, f::dummy, d.dummy ? 1 : 0);
}

std::optional<LookasideCompletion> LookasideHost::poll(Side side) {
  namespace f = shell::completion;
  Flow& from = flow(side);
  const std::uint32_t entry = from.completed & ((1U << from.log2) - 1);
  const ByteView at =
      m_card.memory().at(from.completions + entry * shell::completion_bytes, shell::completion_bytes);
  const bool round = (from.completed >> from.log2 & 1) == 0;
  if (from.completed == from.posted || (get(at, f::phase) != 0) != round) {
    return std::nullopt;
  }
  ++from.completed;
  return LookasideCompletion{.cookie = get(at, f::cookie),
                             .length = static_cast<std::uint32_t>(get(at, f::length)),
                             .next_hop = get(at, f::next_hop),
                             .sa = static_cast<std::uint32_t>(get(at, f::sa)),
                             .verdict = static_cast<std::uint8_t>(get(at, f::verdict)),
                             .error = static_cast<std::uint8_t>(get(at, f::error))};
}

std::vector<LookasideCompletion> LookasideHost::collect(Side side, std::size_t count) {
  constexpr int patience = 20000;  // cycles without a completion
  std::vector<LookasideCompletion> completions;
  for (int idle = 0; completions.size() < count && idle < patience; ++idle) {
    while (const auto completion = poll(side)) {
      completions.push_back(*completion);
      idle = 0;
    }
    if (completions.size() < count) {
      m_card.clock(1);
    }
  }
  return completions;
}

std::optional<std::uint32_t> LookasideHost::poll_event() {
  namespace f = shell::event;
  const std::uint32_t entry = m_events_taken & ((1U << m_events_log2) - 1);
  const ByteView at = m_card.memory().at(m_events + entry * shell::event_bytes, shell::event_bytes);
  const bool round = (m_events_taken >> m_events_log2 & 1) == 0;
  if ((get(at, f::phase) != 0) != round) {
    return std::nullopt;
  }
  ++m_events_taken;
  m_card.write(shell::reg_event_consumer, m_events_taken);
  return static_cast<std::uint32_t>(get(at, f::data));
}

bool LookasideHost::wait_status(driver::registers::Field field, std::uint32_t value) {
  constexpr int patience = 20000;
  for (int i = 0; i < patience; ++i) {
    if ((status() >> field.lsb & 1) == value) {
      return true;
    }
  }
  return false;
}

}  // namespace espgate::sim::test
