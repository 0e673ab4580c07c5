#include "card/event_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "card/lookaside_registers.h"

namespace espgate::driver::card {
namespace {

namespace shell = registers::lookaside_shell;

constexpr std::uint32_t entries_log2 = 10;
constexpr std::size_t entry_bytes = shell::event_bytes;

constexpr std::uint32_t bit(registers::Field field) {
  return std::uint32_t{1} << field.lsb;
}

}  // namespace

Expected<EventRing> EventRing::create(Card& card) {
  auto entries = card.allocate(entry_bytes << entries_log2);
  if (!entries) {
    return std::unexpected(entries.error());
  }
  EventRing ring(card, std::move(*entries));
  if (auto started = ring.start(); !started) {
    return std::unexpected(started.error());
  }
  return ring;
}

Expected<> EventRing::start() {
  m_taken = m_told = 0;
  std::ranges::fill(m_entries->bytes(), std::uint8_t{0});
  m_entries->to_card(0, m_entries->bytes().size());
  m_card->write(shell::reg_event_base_low, static_cast<std::uint32_t>(m_entries->address()));
  m_card->write(shell::reg_event_base_high, static_cast<std::uint32_t>(m_entries->address() >> 32U));
  m_card->write(shell::reg_event_size_log2, entries_log2);
  m_card->write(shell::reg_event_consumer, 0);
  m_card->write(shell::reg_command, bit(shell::command_start_events));
  const std::uint32_t status = m_card->read(shell::reg_status);
  if (status == UINT32_MAX || (status & bit(shell::status_events_running)) == 0 ||
      (status & bit(shell::status_rejected)) != 0) {
    return fail(fmt::format("the card does not start its event ring (status {:#010x})", status));
  }
  return {};
}

std::optional<RaisedEvents> EventRing::take() {
  const std::size_t at = (m_taken & ((1U << entries_log2) - 1)) * entry_bytes;
  std::array<std::uint64_t, 2> words{};
  static_assert(sizeof(words) == entry_bytes);
  const auto is_there = [&] {
    std::memcpy(words.data(), m_entries->bytes().subspan(at, entry_bytes).data(), entry_bytes);
    const bool phase = (words[1] >> shell::event::phase.lsb % 64 & 1U) != 0;
    return phase == ((m_taken >> entries_log2 & 1U) == 0);
  };
  if (!is_there()) {
    if (m_entries->coherent()) {
      return std::nullopt;
    }
    m_entries->from_card(at, entry_bytes);
    if (!is_there()) {
      return std::nullopt;
    }
  }
  // The phase is read with the rest, or before it: look again at what stands beside it.
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  std::memcpy(words.data(), m_entries->bytes().subspan(at, entry_bytes).data(), entry_bytes);
  ++m_taken;
  return raised_events(static_cast<std::uint32_t>(words[0]));
}

void EventRing::make_room() {
  if (m_told != m_taken) {
    m_told = m_taken;
    m_card->write(shell::reg_event_consumer, m_taken);
  }
}

Expected<bool> EventRing::more_at_card() {
  const std::uint32_t status = m_card->read(registers::reg_status);
  const std::uint32_t written = m_card->read(shell::reg_event_producer);
  if (status == UINT32_MAX) {
    return fail("the card does not answer (status reads as all ones)");
  }
  return (status >> registers::status_event.lsb & 1U) != 0 || written != m_taken;
}

}  // namespace espgate::driver::card
