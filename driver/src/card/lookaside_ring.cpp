#include "card/lookaside_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "card/ring_entries.h"

namespace espgate::driver::card {
namespace {

namespace shell = registers::lookaside_shell;

constexpr std::size_t entry_bytes = sizeof(EntryWords);

constexpr std::uint32_t bit(registers::Field field) {
  return std::uint32_t{1} << field.lsb;
}

void write_address(Card& card, std::uint32_t low, std::uint64_t address) {
  card.write(low, static_cast<std::uint32_t>(address));
  card.write(low + 4, static_cast<std::uint32_t>(address >> 32U));
}
static_assert(shell::reg_descriptor_base_high == shell::reg_descriptor_base_low + 4);
static_assert(shell::reg_completion_base_high == shell::reg_completion_base_low + 4);

}  // namespace

LookasideRing::LookasideRing(Card& card, Direction direction, std::uint32_t log2,
                             std::unique_ptr<DmaBuffer> descriptors, std::unique_ptr<DmaBuffer> completions)
    : m_card(&card),
      m_direction(direction),
      m_base(direction == Direction::outbound ? shell::ring_outbound : shell::ring_inbound),
      m_log2(log2),
      m_entries(std::uint32_t{1} << log2),
      m_descriptors(std::move(descriptors)),
      m_completions(std::move(completions)) {}

Expected<LookasideRing> LookasideRing::create(Card& card, Direction direction, std::uint32_t log2) {
  const std::size_t bytes = entry_bytes << log2;
  auto descriptors = card.allocate(bytes);
  if (!descriptors) {
    return std::unexpected(descriptors.error());
  }
  auto completions = card.allocate(bytes);
  if (!completions) {
    return std::unexpected(completions.error());
  }
  LookasideRing ring(card, direction, log2, std::move(*descriptors), std::move(*completions));
  if (auto started = ring.start(); !started) {
    return std::unexpected(started.error());
  }
  return ring;
}

Expected<> LookasideRing::start() {
  const bool outbound = m_direction == Direction::outbound;
  m_posted = m_announced = m_taken = 0;
  std::ranges::fill(m_completions->bytes(), std::uint8_t{0});
  m_completions->to_card(0, m_completions->bytes().size());
  write_address(*m_card, m_base + shell::reg_descriptor_base_low, m_descriptors->address());
  write_address(*m_card, m_base + shell::reg_completion_base_low, m_completions->address());
  m_card->write(m_base + shell::reg_size_log2, m_log2);
  m_card->write(shell::reg_command,
                bit(outbound ? shell::command_start_outbound : shell::command_start_inbound));
  const std::uint32_t status = m_card->read(shell::reg_status);
  const std::uint32_t running =
      bit(outbound ? shell::status_outbound_running : shell::status_inbound_running);
  if (status == UINT32_MAX || (status & running) == 0 || (status & bit(shell::status_rejected)) != 0) {
    return fail(fmt::format("the card does not start its {} ring (status {:#010x})",
                            outbound ? "outbound" : "inbound", status));
  }
  return {};
}

void LookasideRing::post(const Request& request) {
  namespace f = shell::descriptor;
  EntryWords entry{};
  put_field(entry, f::cookie, cookie_of(m_posted));
  put_field(entry, f::input_address, request.input);
  put_field(entry, f::output_address, request.output);
  put_field(entry, f::length, request.length);
  put_field(entry, f::capacity, request.capacity);
  put_field(entry, f::sa, request.sa);
  put_field(entry, f::spd, request.spd);
  put_field(entry, f::lookup, request.kind == RequestKind::lookup ? 1 : 0);
  put_field(entry, f::dummy, request.kind == RequestKind::dummy ? 1 : 0);
  const std::size_t at = next_entry() * entry_bytes;
  std::memcpy(m_descriptors->bytes().subspan(at, entry_bytes).data(), entry.data(), entry_bytes);
  m_descriptors->to_card(at, entry_bytes);
  ++m_posted;
}

void LookasideRing::announce() {
  if (m_announced == m_posted) {
    return;
  }
  m_announced = m_posted;
  // Whatever the host wrote must be in memory before the card is told to read it.
  __atomic_thread_fence(__ATOMIC_RELEASE);
  m_card->write(m_base + shell::reg_doorbell, m_posted);
}

// The phase bit is that of the round: 1 in the first, then alternating. The word that it is in is the last
// that the card writes of an entry.
bool LookasideRing::is_there(std::uint32_t index) {
  const std::size_t at = (index & (m_entries - 1)) * entry_bytes;
  const auto wanted = [&] {
    std::uint64_t word = 0;
    constexpr std::size_t last = (entry_words - 1) * sizeof(word);
    std::memcpy(&word, m_completions->bytes().subspan(at + last, sizeof(word)).data(), sizeof(word));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    const bool phase = (word >> shell::completion::phase.lsb % 64 & 1U) != 0;
    return phase == ((index >> m_log2 & 1U) == 0);
  };
  if (wanted()) {
    return true;
  }
  if (m_completions->coherent()) {
    return false;
  }
  m_completions->from_card(at, entry_bytes);
  return wanted();
}

std::optional<LookasideRing::Done> LookasideRing::take() {
  namespace f = shell::completion;
  if (m_taken == m_announced || !is_there(m_taken)) {
    return std::nullopt;
  }
  EntryWords entry{};
  std::memcpy(entry.data(), m_completions->bytes().subspan(oldest_entry() * entry_bytes, entry_bytes).data(),
              entry_bytes);
  ++m_taken;
  return Done{.cookie = get_field(entry, f::cookie),
              .length = static_cast<std::uint32_t>(get_field(entry, f::length)),
              .sa = static_cast<std::uint32_t>(get_field(entry, f::sa)),
              .next_hop = get_field(entry, f::next_hop),
              .verdict = static_cast<std::uint8_t>(get_field(entry, f::verdict)),
              .error = static_cast<std::uint8_t>(get_field(entry, f::error))};
}

bool LookasideRing::finished() {
  return m_taken == m_announced || is_there(m_announced - 1);
}

std::uint32_t LookasideRing::unfinished_at_card() {
  const std::uint32_t completed = m_card->read(m_base + shell::reg_completed);
  return completed == UINT32_MAX && m_announced != UINT32_MAX ? UINT32_MAX : m_announced - completed;
}

}  // namespace espgate::driver::card
