// The security policy database (RFC 4301 section 4.4.1): an ordered list; the first entry that matches
// decides, and what no entry matches is discarded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "offload/selector.h"

namespace espgate::offload {

enum class Action : std::uint8_t { protect, bypass, discard };

// Where the SAs of an entry may be.
enum class SaPlacement : std::uint8_t { either, engine_only, kernel_only };

// The ends of a tunnel, where they are known before any SA is there.
struct TunnelEnds {
  IpAddress local;
  IpAddress remote;

  bool operator==(const TunnelEnds&) const = default;
};

struct SpdEntry {
  std::string name;  // the child that it came from
  Action action = Action::discard;
  std::vector<Selector> selectors;
  // Of the entry's inbound SAs, in packets; 0 for no replay check.
  std::uint16_t replay_window = driver::default_replay_window;
  PopulateFromPacket from_packet = {};
  SaPlacement placement = SaPlacement::either;
  // A packet without an SA asks for one between these.
  std::optional<TunnelEnds> on_demand = {};
};

// Why a packet hits what it hits.
enum class SpdReason : std::uint8_t {
  matched,          // the entry that is named
  no_entry,         // the implicit final discard
  fragment_unsure,  // bypass would be right for this fragment, but perhaps not for the packet that it is of
};

struct SpdMatch {
  SpdReason reason = SpdReason::no_entry;
  // nullptr unless matched: the packet is to be discarded.
  const SpdEntry* entry = nullptr;
  std::size_t position = 0;            // of the entry, from 0
  const Selector* selector = nullptr;  // the row of the entry
  // fragment_unsure: the entry that might have protected or discarded the whole packet.
  const SpdEntry* doubt = nullptr;
};

class Spd {
 public:
  Spd();
  Spd(const Spd&) = delete;
  Spd& operator=(const Spd&) = delete;
  Spd(Spd&&) noexcept;
  Spd& operator=(Spd&&) noexcept;
  ~Spd();

  // Replaces all entries at once, in the order given. Pointers that were handed out before are dead then.
  void replace(std::vector<SpdEntry> entries);
  const std::vector<SpdEntry>& entries() const;
  // nullptr when no entry has this name.
  const SpdEntry* find(const std::string& name) const;

  // The entry that an outbound packet hits; nullptr is the implicit final discard. A fragment without ports
  // passes over entries that name ports (RFC 4301 section 7), but it is discarded rather than bypassed when
  // one of those would have protected or discarded it: its whole packet may not go out in clear.
  const SpdEntry* lookup_outbound(const PacketFields& fields) const { return match_outbound(fields).entry; }
  // The same, and why. The cost is in the number of different shapes of selectors (prefix lengths, ports or
  // none), not in the number of entries; among rows that differ in ranges of ports alone it is in their
  // number.
  SpdMatch match_outbound(const PacketFields& fields) const;
  // Of a packet that came in the clear from the unprotected side: local is its destination.
  SpdMatch match_inbound(const PacketFields& fields) const { return match_outbound(fields.reversed()); }

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> m_compiled;
};

// One row of an SPD whose rows do not overlap, so that their order does not matter and any of them may be
// cached (RFC 4301 appendix B).
struct DecorrelatedRow {
  std::size_t position = 0;  // of the entry that it comes from
  Selector selector;         // of any protocol
  std::uint8_t protocol_first = 0;
  std::uint8_t protocol_last = 255;

  bool matches_outbound(const PacketFields& fields) const {
    return protocol_first <= fields.protocol && fields.protocol <= protocol_last &&
           selector.matches_outbound(fields);
  }
};
// Rows that give every packet the entry that the ordered list gives it. Fails when there would be more than
// `most`.
Expected<std::vector<DecorrelatedRow>> decorrelate(const std::vector<SpdEntry>& entries,
                                                   std::size_t most = 1U << 20);

}  // namespace espgate::offload
