#include "replay/sa_description.h"

#include <fmt/format.h>

#include "base/reader.h"

namespace espgate::host::replay {
namespace {

driver::InboundSelectors selectors_of(const SaDescription& sa, IpFamily outer) {
  if (sa.selectors) {
    return *sa.selectors;
  }
  const IpRange all = IpRange::whole(outer);
  return {.source = all, .destination = all, .protocol = std::nullopt};
}

// The fields that selectors look at. IPv6 extension headers are not walked: such a packet has no ports here.
struct Fields {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::optional<std::uint16_t> source_port;
  std::optional<std::uint16_t> destination_port;
};

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t sctp = 132;
constexpr std::uint16_t fragment_bits = 0x3fff;  // MF and offset

void read_ports(Reader& reader, Fields& fields) {
  if (fields.protocol != tcp && fields.protocol != udp && fields.protocol != sctp) {
    return;
  }
  const std::uint16_t source = reader.u16();
  const std::uint16_t destination = reader.u16();
  if (reader.ok()) {
    fields.source_port = source;
    fields.destination_port = destination;
  }
}

std::optional<Fields> fields_of(ByteView packet) {
  constexpr std::size_t ipv6_address = 16;
  Reader reader(packet);
  const std::uint8_t first = reader.u8();
  Fields fields;
  if (first >> 4U == 4) {
    reader.skip(5);
    const bool fragment = (reader.u16() & fragment_bits) != 0;
    reader.skip(1);
    fields.protocol = reader.u8();
    reader.skip(2);
    fields.source = IpAddress::v4(reader.u32());
    fields.destination = IpAddress::v4(reader.u32());
    constexpr std::size_t smallest_words = 5;
    const std::size_t words = first & 0xfU;
    if (!reader.ok() || words < smallest_words) {
      return std::nullopt;
    }
    reader.skip(4 * (words - smallest_words));
    if (!fragment) {
      read_ports(reader, fields);
    }
    return fields;
  }
  if (first >> 4U != 6) {
    return std::nullopt;
  }
  reader.skip(5);
  fields.protocol = reader.u8();
  reader.skip(1);
  const auto source = IpAddress::from_bytes(reader.take(ipv6_address));
  const auto destination = IpAddress::from_bytes(reader.take(ipv6_address));
  if (!source || !destination) {
    return std::nullopt;
  }
  fields.source = *source;
  fields.destination = *destination;
  read_ports(reader, fields);
  return fields;
}

bool port_matches(std::uint16_t first, std::uint16_t last, std::optional<std::uint16_t> port) {
  if (first == 0 && last == UINT16_MAX) {
    return true;
  }
  if (first > last) {  // OPAQUE
    return !port;
  }
  return port && first <= *port && *port <= last;
}

}  // namespace

Expected<driver::OutboundSa> to_outbound(const SaDescription& sa) {
  if (!sa.source || !sa.destination) {
    return fail(
        fmt::format("SA {:#010x}: packets cannot be sent under it, since it has no address of its own as {}; "
                    "give both addresses instead of '*'",
                    sa.spi, sa.source ? "destination" : "source"));
  }
  const std::uint64_t all_numbers = sa.esn ? UINT64_MAX : std::uint64_t{UINT32_MAX} + 1;
  return driver::OutboundSa{.spi = sa.spi,
                            .cipher = sa.cipher,
                            .key = sa.key,
                            .mode = sa.mode,
                            .esn = sa.esn,
                            .outer_source = *sa.source,
                            .outer_destination = *sa.destination,
                            .encapsulation = sa.encapsulation,
                            .df = sa.df,
                            .dscp = sa.dscp,
                            .hop_limit = sa.hop_limit,
                            .tfc_bytes = sa.tfc_bytes,
                            .lifetime = {},
                            .next_sequence = sa.next_sequence,
                            .lease_limit = all_numbers,
                            .lease_low = all_numbers};
}

Expected<driver::InboundSa> to_inbound(const SaDescription& sa) {
  if (!sa.destination) {
    return fail(fmt::format(
        "SA {:#010x}: its destination is '*', and the capture holds no packet with this SPI to take it from",
        sa.spi));
  }
  return driver::InboundSa{.spi = sa.spi,
                           .cipher = sa.cipher,
                           .key = sa.key,
                           .mode = sa.mode,
                           .esn = sa.esn,
                           .outer_destination = *sa.destination,
                           .encapsulated = sa.encapsulation.has_value(),
                           .selectors = selectors_of(sa, sa.destination->family()),
                           .lifetime = {},
                           .replay_check = sa.replay_check,
                           .replay_window = sa.replay_window,
                           .replay_top = sa.replay_top};
}

bool carries(const SaDescription& sa, ByteView packet) {
  const auto fields = fields_of(packet);
  if (!fields) {
    return false;
  }
  if (sa.mode == driver::Mode::transport &&
      (fields->source != sa.source || fields->destination != sa.destination)) {
    return false;
  }
  if (!sa.selectors) {
    return true;
  }
  const driver::InboundSelectors& s = *sa.selectors;
  return s.source.contains(fields->source) && s.destination.contains(fields->destination) &&
         (!s.protocol || *s.protocol == fields->protocol) &&
         port_matches(s.source_port_first, s.source_port_last, fields->source_port) &&
         port_matches(s.destination_port_first, s.destination_port_last, fields->destination_port);
}

}  // namespace espgate::host::replay
