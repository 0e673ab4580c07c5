// What the software engine does with packets.
#include <algorithm>
#include <cassert>

#include "software/software_engine.h"

namespace espgate::driver::software {
namespace {

// What leaves the engine as it came.
void pass(ByteView packet, const PacketRequest& request, Completion& completion) {
  std::copy_n(packet.begin(), packet.size(), request.output.begin());
  completion.verdict = Verdict::bypassed;
  completion.length = static_cast<std::uint32_t>(packet.size());
}

}  // namespace

Expected<ByteSpan> SoftwareEngine::packet_memory(std::size_t bytes) {
  m_blocks.emplace_back(new (std::align_val_t{packet_alignment}) std::uint8_t[bytes]);
  return ByteSpan(m_blocks.back().get(), bytes);
}

std::size_t SoftwareEngine::submit(Direction direction, std::span<const PacketRequest> requests) {
  Half& packets = half(direction);
  std::size_t taken = 0;
  while (taken < requests.size() && !packets.completions.full() && m_failure == nullptr) {
    const PacketRequest& request = requests[taken++];
    assert(request.output.size() >= request.input.size() + max_expansion);
    Completion completion;
    completion.cookie = request.cookie;
    if (direction == Direction::outbound) {
      protect(request, completion);
    } else {
      unprotect(request, completion);
    }
    DirectionCounters& counters = packets.counters;
    ++counters.packets_in;
    counters.bytes_in += request.input.size();
    ++counters.verdicts.at(static_cast<std::size_t>(completion.verdict));
    if (completion.verdict == Verdict::ok || completion.verdict == Verdict::bypassed) {
      ++counters.packets_out;
      counters.bytes_out += completion.length;
    }
    packets.completions.push(completion);
  }
  return taken;
}

void SoftwareEngine::raise(Direction direction, std::uint32_t row, EventKinds kinds) {
  if (kinds != 0 && !m_events.push(direction, row, kinds)) {
    ++half(direction).counters.events_lost;
  }
}

// What comes before an SA is known, the look-up left out.
Verdict SoftwareEngine::prepare(const PacketRequest& request, InnerPacket& packet) const {
  if (m_self_test_failed) {
    return Verdict::self_test_failed;
  }
  if (request.input.size() > max_packet_bytes) {
    return Verdict::too_long;
  }
  packet.dummy = request.kind == RequestKind::dummy;
  if (packet.dummy) {
    packet.bytes = request.input;
    return packet.bytes.empty() ? Verdict::header_malformed : Verdict::ok;
  }
  packet.ip = parse_ip(request.input);
  if (packet.ip.malformed) {
    return Verdict::header_malformed;
  }
  packet.bytes = request.input.first(packet.ip.total);
  return Verdict::ok;
}

Verdict SoftwareEngine::look_up(const PacketRequest& request, const InnerPacket& packet,
                                Completion& completion) const {
  if (packet.ip.fragment) {
    return Verdict::inner_fragment;
  }
  if (packet.ip.window_exceeded) {
    return Verdict::header_window;
  }
  const SpdCache::Decision* decision = m_outbound.cache.find(packet.ip, request.spd);
  if (decision == nullptr) {
    return Verdict::policy_miss;
  }
  switch (decision->policy) {
    case Policy::protect:
      completion.sa = {decision->sa};
      return Verdict::ok;
    case Policy::bypass:
      return Verdict::bypassed;
    case Policy::discard:
      break;
  }
  return Verdict::policy_discard;
}

void SoftwareEngine::protect(const PacketRequest& request, Completion& completion) {
  const bool lookup = request.kind == RequestKind::lookup;
  completion.sa = lookup ? SaIndex{} : request.sa;
  InnerPacket packet;
  completion.verdict = prepare(request, packet);
  if (completion.verdict == Verdict::ok && lookup) {
    completion.verdict = look_up(request, packet, completion);
  }
  if (completion.verdict == Verdict::bypassed) {
    return pass(packet.bytes, request, completion);
  }
  if (completion.verdict != Verdict::ok) {
    return;
  }
  OutboundRow* row = m_outbound_rows.find(completion.sa.value);
  if (row == nullptr) {
    completion.verdict = Verdict::sa_invalid;
    return;
  }
  const OutboundRow::Result result = row->protect(packet, request.output);
  completion.verdict = result.verdict;
  completion.length = result.length;
  if (result.verdict == Verdict::ok) {
    completion.next_hop = row->next_hop();
  } else if (lookup && result.verdict < Verdict::sa_invalid) {
    completion.sa = {};
  }
  raise(Direction::outbound, completion.sa.value, result.events);
  m_failure = result.failure != nullptr ? result.failure : m_failure;
}

void SoftwareEngine::decide_cleartext(const PacketRequest& request, const OuterPacket& packet,
                                      Completion& completion) const {
  const SpdCache::Decision* decision = m_inbound.cache.find(packet.ip, request.spd);
  if (decision == nullptr) {
    completion.verdict = Verdict::not_esp;
  } else if (decision->policy == Policy::bypass) {
    pass(packet.bytes, request, completion);
  } else {
    // Cleartext that ought to be protected is dropped like any other discard (RFC 4301 section 5.2).
    completion.verdict = Verdict::policy_discard;
  }
}

void SoftwareEngine::unprotect(const PacketRequest& request, Completion& completion) {
  if (m_self_test_failed) {
    completion.verdict = Verdict::self_test_failed;
    return;
  }
  if (request.input.size() > max_packet_bytes) {
    completion.verdict = Verdict::too_long;
    return;
  }
  const OuterPacket packet = parse_outer(request.input);
  completion.verdict = packet.verdict;
  if (packet.verdict != Verdict::ok) {
    return;
  }
  if (packet.cleartext) {
    return decide_cleartext(request, packet, completion);
  }
  const auto entry = m_spis.find(packet.spi);
  if (entry == m_spis.end()) {
    completion.verdict = Verdict::unknown_spi;
    return;
  }
  InboundRow& row = *m_inbound_rows.find(entry->second);
  const InboundRow::Result result = row.unprotect(packet, request.output);
  completion.verdict = result.verdict;
  completion.sa = {entry->second};
  completion.length = result.length;
  if (result.verdict == Verdict::ok) {
    completion.next_hop = row.next_hop();
  }
  raise(Direction::inbound, entry->second, result.events);
}

std::size_t SoftwareEngine::poll(Direction direction, std::span<Completion> completions) {
  Ring<Completion>& ready = half(direction).completions;
  std::size_t count = 0;
  while (count < completions.size() && !ready.empty()) {
    completions[count++] = ready.pop();
  }
  return count;
}

}  // namespace espgate::driver::software
