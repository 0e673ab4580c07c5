// IP addresses and address ranges, both families, as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace espgate {

enum class IpFamily : std::uint8_t { v4 = 4, v6 = 6 };

class IpAddress {
 public:
  // 0.0.0.0
  constexpr IpAddress() = default;

  static constexpr IpAddress v4(std::uint32_t host_order) {
    IpAddress a;
    store_be32(a.m_bytes, 0, host_order);
    return a;
  }
  // 4 or 16 bytes in network order; nullopt for any other size.
  static std::optional<IpAddress> from_bytes(ByteView bytes);
  // Dotted quad or RFC 4291 text; nullopt when it is neither.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr IpFamily family() const { return m_family; }
  constexpr bool is_v4() const { return m_family == IpFamily::v4; }
  // 4 or 16 bytes in network order.
  ByteView bytes() const { return ByteView(m_bytes).first(is_v4() ? 4 : 16); }
  // The IPv4 address as an integer in host order; only meaningful when is_v4().
  constexpr std::uint32_t to_v4() const { return load_be32(m_bytes); }
  // 0.0.0.0 or ::
  bool is_unspecified() const;
  std::string to_string() const;

  constexpr auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily m_family = IpFamily::v4;
  std::array<std::uint8_t, 16> m_bytes{};
};

// An inclusive range of one family.
struct IpRange {
  IpAddress first;
  IpAddress last;

  // "10.0.0.0/8", "10.0.0.1-10.0.0.9" or a single address. Host bits below a prefix are
  // cleared, as swanctl.conf does.
  static std::optional<IpRange> parse(std::string_view text);
  static IpRange whole(IpFamily family);

  bool contains(const IpAddress& a) const { return a.family() == first.family() && first <= a && a <= last; }
  bool contains(const IpRange& r) const { return contains(r.first) && contains(r.last); }
  // The common part; nullopt when there is none.
  std::optional<IpRange> intersect(const IpRange& other) const;
  // Prefix length when the range is exactly one prefix.
  std::optional<int> prefix_length() const;
  // A prefix where it is one ("10.0.0.0/8", "10.0.0.1/32"), "first-last" otherwise.
  std::string to_string() const;

  auto operator<=>(const IpRange&) const = default;
};

}  // namespace espgate
