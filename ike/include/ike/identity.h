// Identities (RFC 7296 section 3.5) and the patterns that a PAD entry has for them (RFC 4301
// section 4.4.3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ip_address.h"

namespace espgate::ike {

// Identification payload types (RFC 7296 section 3.5).
enum class IdType : std::uint8_t {
  ipv4_addr = 1,
  fqdn = 2,
  rfc822_addr = 3,
  ipv6_addr = 5,
  der_asn1_dn = 9,
  key_id = 11
};
struct Identity {
  IdType type = IdType::fqdn;
  Bytes data;

  // An address, a@b, a name, or a distinguished name ("C=CH, O=Example, CN=gate"), as swanctl.conf writes
  // them; "keyid:", "fqdn:" and "asn1dn:" force a type. "%any" gives the identity without data, which as an
  // owner matches every identity.
  static Expected<Identity> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Identity&) const = default;
};

// Whether they are the same; names without regard to case, distinguished names as RFC 5280 section 7.1 says.
// Wanting the identity without data is wanting any.
bool matches(const Identity& wanted, const Identity& identity);

// Which identities an entry is for: every one, exactly one, or a part of the tree.
class IdentityPattern {
 public:
  IdentityPattern() = default;                                       // every identity
  IdentityPattern(Identity exact) : m_identity(std::move(exact)) {}  // NOLINT(google-explicit-constructor)

  // Besides what Identity::parse takes: "*.example.org", "*@example.org", a distinguished name some of whose
  // values are "*", and a prefix or a range of addresses.
  static Expected<IdentityPattern> parse(std::string_view text);

  // How well it fits, higher being closer: 0 for the pattern of every identity; nullopt when it does not.
  // The identity is a peer's: its bytes are never taken for a pattern.
  std::optional<int> match(const Identity& identity) const;
  bool is_any() const { return m_kind == Kind::exact && m_identity.data.empty(); }
  // The only identity that matches; nullptr when there are more.
  const Identity* exact() const { return m_kind == Kind::exact && !is_any() ? &m_identity : nullptr; }
  std::string to_string() const;
  bool operator==(const IdentityPattern&) const = default;

 private:
  enum class Kind : std::uint8_t { exact, subtree, distinguished_name, addresses };
  Kind m_kind = Kind::exact;
  // The identity; of a subtree what all of it end with, "." or "@" included; of a distinguished name the one
  // with the wildcards in it.
  Identity m_identity;
  std::optional<IpRange> m_addresses;
};

}  // namespace espgate::ike
