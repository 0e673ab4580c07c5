#include "base/prefixes.h"

#include <algorithm>
#include <array>
#include <bit>

namespace espgate {

namespace {

// The address with every bit from `prefix` on set to `bit`.
IpAddress fill_host_bits(const IpAddress& a, int prefix, bool bit) {
  std::array<std::uint8_t, 16> raw{};
  std::ranges::copy(a.bytes(), raw.begin());
  const std::size_t size = a.bytes().size();
  const auto whole = static_cast<std::size_t>(prefix / 8);
  for (std::size_t i = whole; i < size; ++i) {
    const auto host = static_cast<std::uint8_t>(i == whole ? 0xff >> (prefix % 8) : 0xff);
    raw.at(i) = static_cast<std::uint8_t>(bit ? raw.at(i) | host : raw.at(i) & ~host);
  }
  return IpAddress::from_bytes(ByteView(raw).first(size)).value_or(a);
}

// The length of the longest block that can begin at the address.
int shortest_prefix_from(const IpAddress& a) {
  const ByteView bytes = a.bytes();
  for (std::size_t i = bytes.size(); i-- > 0;) {
    if (bytes[i] != 0) {
      return static_cast<int>(8 * (i + 1)) - std::countr_zero(bytes[i]);
    }
  }
  return 0;
}

// Adds one to a big-endian number, or takes one away; nullopt when it turns over.
std::optional<IpAddress> step(const IpAddress& a, bool up) {
  std::array<std::uint8_t, 16> raw{};
  std::ranges::copy(a.bytes(), raw.begin());
  const std::size_t size = a.bytes().size();
  for (std::size_t i = size; i-- > 0;) {
    const std::uint8_t before = raw.at(i);
    raw.at(i) = static_cast<std::uint8_t>(up ? before + 1 : before - 1);
    if (before != (up ? 0xff : 0)) {
      return IpAddress::from_bytes(ByteView(raw).first(size));
    }
  }
  return std::nullopt;
}

}  // namespace

IpAddress first_of_prefix(const IpAddress& a, int prefix) {
  return fill_host_bits(a, prefix, false);
}

IpAddress last_of_prefix(const IpAddress& a, int prefix) {
  return fill_host_bits(a, prefix, true);
}

std::optional<IpAddress> next(const IpAddress& a) {
  return step(a, true);
}

std::optional<IpAddress> previous(const IpAddress& a) {
  return step(a, false);
}

std::vector<IpRange> to_prefixes(const IpRange& range) {
  std::vector<IpRange> prefixes;
  // Blocks grow as far as their beginnings allow, and then shrink towards the end of the range.
  int shortest = 0;
  std::optional<IpAddress> from = range.first;
  while (from && *from <= range.last) {
    int length = std::max(shortest_prefix_from(*from), shortest);
    while (range.last < last_of_prefix(*from, length)) {
      shortest = ++length;
    }
    prefixes.push_back({*from, last_of_prefix(*from, length)});
    from = next(prefixes.back().last);
  }
  return prefixes;
}

}  // namespace espgate
