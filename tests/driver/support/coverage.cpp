#include "support/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace espgate::driver::test {
namespace {

constexpr std::array sides{"out", "in"};
constexpr std::array kinds{"lease_low",          "soft_expired", "hard_expired",
                           "sequence_exhausted", "icv_alarm",    "replay_alarm"};
constexpr std::array families{"4", "6"};

// Whether a verdict can be given in a direction; where registers.toml says `host`, it depends on the verdict.
bool possible(Verdict verdict, std::size_t side) {
  static const std::set<Verdict> outbound_only{Verdict::inner_fragment, Verdict::policy_miss,
                                               Verdict::sa_invalid, Verdict::sequence_overflow,
                                               Verdict::lease_exhausted};
  static const std::set<Verdict> both{Verdict::ok,
                                      Verdict::bypassed,
                                      Verdict::self_test_failed,
                                      Verdict::too_long,
                                      Verdict::header_malformed,
                                      Verdict::header_window,
                                      Verdict::policy_discard,
                                      Verdict::lifetime_expired};
  return both.contains(verdict) || outbound_only.contains(verdict) == (side == 0);
}

std::string verdict_name(std::size_t side, Verdict verdict) {
  return std::string(sides.at(side)) + " verdict " + std::string(to_string(verdict));
}

std::string length_name(std::size_t side, std::size_t bytes) {
  return std::string(sides.at(side)) + " length mod 64 = " + std::to_string(bytes % 64);
}

std::string sa_name(std::size_t side, Mode mode, bool outer6, bool inner6, Cipher cipher,
                    std::size_t key_bytes, bool esn, bool encapsulated) {
  return std::string(sides.at(side)) + (mode == Mode::tunnel ? " tunnel " : " transport ") +
         families.at(inner6 ? 1 : 0) + " in " + families.at(outer6 ? 1 : 0) +
         (cipher == Cipher::aes_gcm_16 ? " gcm " : " gmac ") + std::to_string(8 * key_bytes) +
         (esn ? " esn" : "") + (encapsulated ? " udp" : "");
}

template <typename Sa>
std::string name_of(std::size_t side, const Sa& sa, bool encapsulated, bool inner6) {
  return sa_name(side, sa.mode, !sa.outer_destination.is_v4(), inner6, sa.cipher, sa.key.key.size(), sa.esn,
                 encapsulated);
}

bool has_extensions(ByteView packet) {
  constexpr std::array<std::uint8_t, 4> types{0, 43, 44, 60};
  return packet.size() >= 40 && packet[0] >> 4U == 6 && std::ranges::find(types, packet[6]) != types.end();
}

std::vector<std::string> make_list() {
  std::vector<std::string> list;
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::size_t code = 0; code < verdict_count; ++code) {
      if (possible(static_cast<Verdict>(code), side)) {
        list.push_back(verdict_name(side, static_cast<Verdict>(code)));
      }
    }
    for (std::size_t bytes = 0; bytes < 64; ++bytes) {
      list.push_back(length_name(side, bytes));
    }
    for (unsigned bits = 0; bits < 128; ++bits) {
      const bool outer6 = (bits & 2) != 0;
      const bool inner6 = (bits & 4) != 0;
      const Mode mode = (bits & 1) != 0 ? Mode::transport : Mode::tunnel;
      if (mode == Mode::tunnel || outer6 == inner6) {
        list.push_back(sa_name(side, mode, outer6, inner6,
                               (bits & 8) != 0 ? Cipher::null_aes_gmac : Cipher::aes_gcm_16,
                               (bits & 16) != 0 ? 32 : 16, (bits & 32) != 0, (bits & 64) != 0));
      }
    }
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      const bool soft_or_hard = kind == 1 || kind == 2;
      if (soft_or_hard || (kind >= 4) == (side == 1)) {
        list.push_back(std::string(sides.at(side)) + " event " + kinds.at(kind));
      }
    }
    for (const char* what : {"same SA back to back", "another SA back to back", "inner extension headers ok",
                             "TFC padding ok"}) {
      list.push_back(std::string(sides.at(side)) + " " + what);
    }
  }
  for (const char* what : {"out lookup ok",
                           "out dummy ok",
                           "out dummy under transport ok",
                           "out ESN carry ok",
                           "out bytes of the link trimmed",
                           "in last of the window ok",
                           "in left of the window",
                           "in smallest window ok",
                           "in largest window ok",
                           "in ESN carry ok",
                           "in across the ESN wrap ok",
                           "in replay check off ok",
                           "in opaque ports ok",
                           "in opaque ports mismatch",
                           "in protocol selector ok",
                           "in port range ok",
                           "change SA added under traffic",
                           "change SA removed under traffic",
                           "change SA rekeyed under traffic",
                           "change lease renewed",
                           "change lease refused",
                           "change policy cached under traffic",
                           "change policy forgotten under traffic"}) {
    list.emplace_back(what);
  }
  return list;
}

}  // namespace

const std::vector<std::string>& Coverage::all() {
  static const std::vector<std::string> list = make_list();
  return list;
}

void Coverage::hit(const std::string& name, std::size_t times) {
  static const std::set<std::string> known(all().begin(), all().end());
  EXPECT_TRUE(known.contains(name)) << "no coverage point is called '" << name << "'";
  m_counts[name] += times;
}

void Coverage::add(const Coverage& other) {
  for (const auto& [name, times] : other.m_counts) {
    hit(name, times);
  }
}

std::size_t Coverage::count(const std::string& name) const {
  const auto found = m_counts.find(name);
  return found == m_counts.end() ? 0 : found->second;
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> names;
  std::ranges::copy_if(all(), std::back_inserter(names), [&](const auto& name) { return count(name) == 0; });
  return names;
}

void Coverage::event(const Event& event) {
  hit(std::string(sides.at(static_cast<std::size_t>(event.direction))) + " event " +
      kinds.at(static_cast<std::size_t>(event.kind)));
}

void Coverage::outbound(const Packet& packet, const Outcome& outcome, const OutboundSa* sa) {
  hit(verdict_name(0, outcome.verdict));
  if (outcome.verdict != Verdict::ok || sa == nullptr) {
    return;
  }
  hit(length_name(0, packet.bytes.size()));
  const std::string carrier = std::to_string(outcome.sa);
  if (!m_last[0].empty()) {
    hit(m_last[0] == carrier ? "out same SA back to back" : "out another SA back to back");
  }
  m_last[0] = carrier;
  const std::size_t ip_bytes = sa->mode == Mode::transport && packet.kind != RequestKind::dummy
                                   ? (packet.bytes[0] >> 4U == 6 ? 40 : 4 * (packet.bytes[0] & 0x0fU))
                               : sa->outer_destination.is_v4() ? 20
                                                               : 40;
  const std::uint32_t sequence = load_be32(outcome.output, ip_bytes + (sa->encapsulation ? 8 : 0) + 4);
  if (sa->esn && sequence == 0) {
    hit("out ESN carry ok");
  }
  if (packet.kind == RequestKind::dummy) {
    hit(sa->mode == Mode::transport ? "out dummy under transport ok" : "out dummy ok");
    return;
  }
  if (packet.kind == RequestKind::lookup) {
    hit("out lookup ok");
  }
  const bool inner6 = packet.bytes[0] >> 4U == 6;
  const std::size_t total = inner6 ? 40U + load_be16(packet.bytes, 4) : load_be16(packet.bytes, 2);
  hit(name_of(0, *sa, sa->encapsulation.has_value(), inner6));
  if (has_extensions(packet.bytes)) {
    hit("out inner extension headers ok");
  }
  if (sa->mode == Mode::tunnel && total < sa->tfc_bytes) {
    hit("out TFC padding ok");
  }
  if (total < packet.bytes.size()) {
    hit("out bytes of the link trimmed");
  }
}

// Where the number stood before the packet; verdicts up to icv_failed leave the window as it was.
void Coverage::window(const InboundSa& sa, const Outcome& outcome, std::uint64_t sequence) {
  const bool accepted = outcome.verdict == Verdict::ok || outcome.verdict > Verdict::icv_failed;
  const auto known = m_tops.find(sa.spi);
  const std::uint64_t top = known == m_tops.end() ? sa.replay_top : known->second;
  const std::uint64_t back = top >= sequence ? top - sequence : 0;
  if (accepted && sa.replay_check && back + 1 == sa.replay_window) {
    hit("in last of the window ok");
  }
  if (outcome.verdict == Verdict::replay_too_old && back == sa.replay_window) {
    hit("in left of the window");
  }
  if (accepted && sequence >> 32 != top >> 32) {
    hit(sequence > top ? "in ESN carry ok" : "in across the ESN wrap ok");
  }
  if (accepted && sequence > top) {
    m_tops[sa.spi] = sequence;
  }
}

void Coverage::inbound(const Packet& packet, const Outcome& outcome, const InboundSa* sa,
                       std::uint64_t sequence) {
  hit(verdict_name(1, outcome.verdict));
  if (outcome.verdict == Verdict::ok) {
    hit(length_name(1, outcome.output.size()));
    const std::string carrier = std::to_string(outcome.sa);
    if (!m_last[1].empty()) {
      hit(m_last[1] == carrier ? "in same SA back to back" : "in another SA back to back");
    }
    m_last[1] = carrier;
  }
  if (sa == nullptr) {
    return;
  }
  window(*sa, outcome, sequence);
  const InboundSelectors& selectors = sa->selectors;
  const bool opaque = selectors.source_port_first > selectors.source_port_last ||
                      selectors.destination_port_first > selectors.destination_port_last;
  if (opaque && outcome.verdict == Verdict::selector_mismatch) {
    hit("in opaque ports mismatch");
  }
  if (outcome.verdict != Verdict::ok) {
    return;
  }
  const bool inner6 = outcome.output[0] >> 4U == 6;
  hit(name_of(1, *sa, sa->encapsulated, inner6));
  const auto hit_if = [&](bool happened, const char* name) {
    if (happened) {
      hit(name);
    }
  };
  hit_if(opaque, "in opaque ports ok");
  hit_if(selectors.protocol.has_value(), "in protocol selector ok");
  hit_if(selectors.source_port_first < selectors.source_port_last && selectors.source_port_last < 65535,
         "in port range ok");
  hit_if(!sa->replay_check, "in replay check off ok");
  hit_if(sa->replay_window == smallest_replay_window, "in smallest window ok");
  hit_if(sa->replay_window == 2048, "in largest window ok");
  hit_if(has_extensions(outcome.output), "in inner extension headers ok");
  const bool outer4 = packet.bytes[0] >> 4U == 4;
  const std::size_t ip_bytes = outer4 ? 4U * (packet.bytes[0] & 0x0fU) : 40U;
  // More than what ESP needs around the inner packet and 255 bytes of padding must be TFC padding.
  hit_if(sa->mode == Mode::tunnel && packet.bytes.size() > ip_bytes + 8 + 32 + 257 + outcome.output.size(),
         "in TFC padding ok");
}

}  // namespace espgate::driver::test
