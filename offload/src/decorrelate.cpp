// RFC 4301 appendix B. A row is a box in five dimensions: what an entry keeps is what is left of its boxes
// once those of the rows before it are taken out. Taking out the original rows, not what was left of them,
// gives the same result in fewer pieces.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/prefixes.h"
#include "match.h"
#include "offload/spd.h"

namespace espgate::offload {

namespace {

// Ports that a packet does not show are one more value behind the others: ANY takes it in, and OPAQUE is it
// alone.
constexpr std::uint32_t no_port = 65536;

struct Interval {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  bool operator==(const Interval&) const = default;
};

struct Box {
  IpRange local;
  IpRange remote;
  Interval protocol;
  Interval local_port;
  Interval remote_port;
};

Interval port_interval(std::uint16_t first, std::uint16_t last) {
  if (is_opaque(first, last)) {
    return {no_port, no_port};
  }
  return {first, is_any(first, last) ? no_port : last};
}

Box to_box(const Selector& s) {
  return {.local = s.local,
          .remote = s.remote,
          .protocol = s.protocol ? Interval{*s.protocol, *s.protocol} : Interval{0, 255},
          .local_port = port_interval(s.local_port_first, s.local_port_last),
          .remote_port = port_interval(s.remote_port_first, s.remote_port_last)};
}

bool overlap(const IpRange& a, const IpRange& b) {
  return a.first.family() == b.first.family() && a.first <= b.last && b.first <= a.last;
}
bool overlap(const Interval& a, const Interval& b) {
  return a.first <= b.last && b.first <= a.last;
}
bool overlap(const Box& a, const Box& b) {
  return overlap(a.local, b.local) && overlap(a.remote, b.remote) && overlap(a.protocol, b.protocol) &&
         overlap(a.local_port, b.local_port) && overlap(a.remote_port, b.remote_port);
}

std::uint32_t before(std::uint32_t value) {
  return value - 1;
}
std::uint32_t after(std::uint32_t value) {
  return value + 1;
}
// Only asked within a range that has such an address.
IpAddress before(const IpAddress& a) {
  return previous(a).value_or(a);
}
IpAddress after(const IpAddress& a) {
  return next(a).value_or(a);
}

// Splits off what of `rest` lies below and above `hole` in one dimension; `rest` keeps the part within.
template <typename Range>
void carve(Box& rest, const Box& hole, Range Box::* dimension, std::vector<Box>& pieces) {
  const Range& inner = hole.*dimension;
  if ((rest.*dimension).first < inner.first) {
    Box below = rest;
    (below.*dimension).last = before(inner.first);
    pieces.push_back(below);
    (rest.*dimension).first = inner.first;
  }
  if (inner.last < (rest.*dimension).last) {
    Box above = rest;
    (above.*dimension).first = after(inner.last);
    pieces.push_back(above);
    (rest.*dimension).last = inner.last;
  }
}

// What is left of `box`, which `hole` overlaps.
void subtract(Box box, const Box& hole, std::vector<Box>& pieces) {
  carve(box, hole, &Box::local, pieces);
  carve(box, hole, &Box::remote, pieces);
  carve(box, hole, &Box::protocol, pieces);
  carve(box, hole, &Box::local_port, pieces);
  carve(box, hole, &Box::remote_port, pieces);
}

// Ports of a selector are a range, ANY or OPAQUE: the rows that a piece takes.
std::vector<Interval> as_ports(const Interval& ports) {
  std::vector<Interval> rows;
  Interval known{ports.first, std::min(ports.last, no_port - 1)};
  if (ports == Interval{0, no_port} || ports.first == no_port) {
    return {ports};
  }
  // All ports that a packet can show, and no more, is not what 0..65535 means.
  if (known == Interval{0, no_port - 1}) {
    rows.push_back({0, 0});
    known.first = 1;
  }
  rows.push_back(known);
  if (ports.last == no_port) {
    rows.push_back({no_port, no_port});
  }
  return rows;
}

void set_ports(std::uint16_t& first, std::uint16_t& last, const Interval& ports) {
  if (ports.first == no_port) {
    first = 65535;
    last = 0;
  } else {
    first = static_cast<std::uint16_t>(ports.first);
    last = static_cast<std::uint16_t>(std::min(ports.last, no_port - 1));
  }
}

}  // namespace

Expected<std::vector<DecorrelatedRow>> decorrelate(const std::vector<SpdEntry>& entries, std::size_t most) {
  std::vector<DecorrelatedRow> result;
  std::vector<Box> earlier;
  std::vector<Box> pieces;
  std::vector<Box> next;
  const auto too_many = [most](const SpdEntry& entry) {
    return fail(
        fmt::format("entry '{}' overlaps so many others that the policies would take more than {} rows; "
                    "make its selectors narrower",
                    entry.name, most));
  };
  for (std::size_t position = 0; position < entries.size(); ++position) {
    for (const Selector& selector : entries[position].selectors) {
      const Box whole = to_box(selector);
      pieces.assign(1, whole);
      for (const Box& hole : earlier) {
        if (!overlap(whole, hole)) {
          continue;
        }
        next.clear();
        for (const Box& piece : pieces) {
          if (overlap(piece, hole)) {
            subtract(piece, hole, next);
          } else {
            next.push_back(piece);
          }
        }
        pieces.swap(next);
        if (result.size() + pieces.size() > most) {
          return too_many(entries[position]);
        }
      }
      earlier.push_back(whole);
      for (const Box& piece : pieces) {
        for (const Interval& local_port : as_ports(piece.local_port)) {
          for (const Interval& remote_port : as_ports(piece.remote_port)) {
            Selector row{.local = piece.local, .remote = piece.remote, .protocol = std::nullopt};
            set_ports(row.local_port_first, row.local_port_last, local_port);
            set_ports(row.remote_port_first, row.remote_port_last, remote_port);
            result.push_back({.position = position,
                              .selector = row,
                              .protocol_first = static_cast<std::uint8_t>(piece.protocol.first),
                              .protocol_last = static_cast<std::uint8_t>(piece.protocol.last)});
          }
        }
      }
      if (result.size() > most) {
        return too_many(entries[position]);
      }
    }
  }
  return result;
}

}  // namespace espgate::offload
