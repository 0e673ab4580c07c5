#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/prefixes.h"

namespace espgate {

std::optional<IpAddress> IpAddress::from_bytes(ByteView bytes) {
  IpAddress a;
  if (bytes.size() == 16) {
    a.m_family = IpFamily::v6;
  } else if (bytes.size() != 4) {
    return std::nullopt;
  }
  std::ranges::copy(bytes, a.m_bytes.begin());
  return a;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 16> raw{};
  if (inet_pton(AF_INET, terminated.c_str(), raw.data()) == 1) {
    return from_bytes(ByteView(raw).first(4));
  }
  if (inet_pton(AF_INET6, terminated.c_str(), raw.data()) == 1) {
    return from_bytes(raw);
  }
  return std::nullopt;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(m_bytes, [](std::uint8_t b) { return b == 0; });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, m_bytes.data(), text.data(), text.size());
  return text.data();
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto address = IpAddress::parse(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    int prefix = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (!address || error != std::errc{} || end != digits.data() + digits.size() || prefix < 0 ||
        prefix > static_cast<int>(address->bytes().size()) * 8) {
      return std::nullopt;
    }
    return IpRange{first_of_prefix(*address, prefix), last_of_prefix(*address, prefix)};
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = IpAddress::parse(text.substr(0, dash));
    const auto last = IpAddress::parse(text.substr(dash + 1));
    if (!first || !last || first->family() != last->family() || *last < *first) {
      return std::nullopt;
    }
    return IpRange{*first, *last};
  }
  const auto address = IpAddress::parse(text);
  if (!address) {
    return std::nullopt;
  }
  return IpRange{*address, *address};
}

IpRange IpRange::whole(IpFamily family) {
  const std::array<std::uint8_t, 16> zeros{};
  const IpAddress a =
      IpAddress::from_bytes(ByteView(zeros).first(family == IpFamily::v4 ? 4 : 16)).value_or(IpAddress());
  return {a, last_of_prefix(a, 0)};
}

std::optional<IpRange> IpRange::intersect(const IpRange& other) const {
  if (first.family() != other.first.family()) {
    return std::nullopt;
  }
  const IpRange common{std::max(first, other.first), std::min(last, other.last)};
  if (common.last < common.first) {
    return std::nullopt;
  }
  return common;
}

std::optional<int> IpRange::prefix_length() const {
  const int width = static_cast<int>(first.bytes().size()) * 8;
  for (int prefix = 0; prefix <= width; ++prefix) {
    if (first_of_prefix(first, prefix) == first && last_of_prefix(first, prefix) == last) {
      return prefix;
    }
  }
  return std::nullopt;
}

std::string IpRange::to_string() const {
  if (const auto prefix = prefix_length()) {
    return first.to_string() + "/" + std::to_string(*prefix);
  }
  return first.to_string() + "-" + last.to_string();
}

}  // namespace espgate
