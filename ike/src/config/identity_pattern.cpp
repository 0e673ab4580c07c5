// What an entry's identity stands for (RFC 4301 section 4.4.3.1).
#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "config/distinguished_name.h"
#include "ike/identity.h"

namespace espgate::ike {
namespace {

// From the closest to the widest. A subtree adds the length of its name, a prefix its bits, a distinguished
// name its parts that are no wildcards.
constexpr int exact_fit = 10000;
constexpr int name_fit = 5000;
constexpr int subtree_fit = 1000;
constexpr int address_fit = 1000;

std::uint8_t lower(std::uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c - 'A' + 'a') : c;
}

bool ends_with(ByteView text, ByteView end) {
  return text.size() > end.size() && std::ranges::equal(text.last(end.size()), end, {}, lower, lower);
}

bool has_wildcards(std::string_view text) {
  return text.find("=*") != std::string_view::npos || text.find("= *") != std::string_view::npos;
}

}  // namespace

Expected<IdentityPattern> IdentityPattern::parse(std::string_view text) {
  IdentityPattern pattern;
  const bool name =
      text.find('=') != std::string_view::npos && !text.starts_with("keyid:") && !text.starts_with("fqdn:");
  if (name) {
    auto identity = Identity::parse(text);
    if (!identity) {
      return std::unexpected(identity.error());
    }
    pattern.m_identity = std::move(*identity);
    pattern.m_kind = has_wildcards(text) ? Kind::distinguished_name : Kind::exact;
    return pattern;
  }
  if (const std::size_t star = text.find('*'); star != std::string_view::npos) {
    const std::string_view end = text.substr(1);
    const bool mail = end.starts_with('@');
    if (star != 0 || (!mail && !end.starts_with('.'))) {
      return fail(
          fmt::format("identity '{}': a '*' stands only at the beginning, before a '.' or an '@'", text));
    }
    auto rest = Identity::parse(fmt::format("fqdn:{}", end.substr(1)));
    if (!rest) {
      return fail(fmt::format("identity '{}': '{}' is not a name", text, end.substr(1)));
    }
    pattern.m_kind = Kind::subtree;
    pattern.m_identity.type = mail ? IdType::rfc822_addr : IdType::fqdn;
    pattern.m_identity.data.assign(end.begin(), end.end());
    return pattern;
  }
  if (text.find_first_of("/-") != std::string_view::npos) {
    if (const auto range = IpRange::parse(text)) {
      pattern.m_kind = Kind::addresses;
      pattern.m_addresses = *range;
      return pattern;
    }
  }
  auto identity = Identity::parse(text);
  if (!identity) {
    return std::unexpected(identity.error());
  }
  return IdentityPattern(std::move(*identity));
}

std::optional<int> IdentityPattern::match(const Identity& identity) const {
  if (identity.data.empty()) {
    return std::nullopt;
  }
  switch (m_kind) {
    case Kind::exact:
      if (is_any()) {
        return 0;
      }
      return matches(m_identity, identity) ? std::optional(exact_fit) : std::nullopt;
    case Kind::subtree:
      return identity.type == m_identity.type && ends_with(identity.data, m_identity.data)
                 ? std::optional(subtree_fit + static_cast<int>(m_identity.data.size()))
                 : std::nullopt;
    case Kind::distinguished_name: {
      const NamePtr pattern = parse_name(m_identity.data);
      const NamePtr name = identity.type == IdType::der_asn1_dn ? parse_name(identity.data) : nullptr;
      const auto parts =
          pattern != nullptr && name != nullptr ? match_name(pattern.get(), name.get()) : std::nullopt;
      return parts ? std::optional(name_fit + *parts) : std::nullopt;
    }
    case Kind::addresses: {
      const bool is_address = identity.type == IdType::ipv4_addr || identity.type == IdType::ipv6_addr;
      const auto address = is_address ? IpAddress::from_bytes(identity.data) : std::nullopt;
      return address && m_addresses->contains(*address)
                 ? std::optional(address_fit + m_addresses->prefix_length().value_or(0))
                 : std::nullopt;
    }
  }
  return std::nullopt;
}

std::string IdentityPattern::to_string() const {
  switch (m_kind) {
    case Kind::subtree:
      return "*" + std::string(m_identity.data.begin(), m_identity.data.end());
    case Kind::addresses:
      return m_addresses->to_string();
    case Kind::exact:
    case Kind::distinguished_name:
      break;
  }
  return m_identity.to_string();
}

}  // namespace espgate::ike
