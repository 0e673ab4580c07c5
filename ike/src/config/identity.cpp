// Identities as text (RFC 7296 section 3.5, and swanctl.conf's way to write them).
#include "ike/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "config/distinguished_name.h"

namespace espgate::ike {
namespace {

Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

bool printable(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b > 0x20 && b < 0x7f; });
}

bool is_name(std::string_view text) {
  return !text.empty() && printable(to_bytes(text)) &&
         text.find_first_of("=,@/\"'*") == std::string_view::npos;
}

// Peers choose these bytes, and they end in logs and terminals.
std::string readable(ByteView bytes) {
  return printable(bytes) ? std::string(bytes.begin(), bytes.end()) : "0x" + to_hex(bytes);
}

Expected<Identity> parse_key_id(std::string_view text) {
  if (text.starts_with("0x")) {
    auto bytes = from_hex(text.substr(2));
    if (!bytes || bytes->empty()) {
      return fail(fmt::format("identity 'keyid:{}': not an even number of hexadecimal digits", text));
    }
    return Identity{IdType::key_id, std::move(*bytes)};
  }
  if (text.empty()) {
    return fail("identity 'keyid:': no key ID after the colon");
  }
  return Identity{IdType::key_id, to_bytes(text)};
}

// "C=CH, O=Example", or the DER itself in hexadecimal digits.
Expected<Bytes> parse_name_text(std::string_view text) {
  if (!text.starts_with('#')) {
    return name_from_text(text);
  }
  auto bytes = from_hex(text.substr(1));
  if (!bytes || parse_name(*bytes) == nullptr) {
    return fail(fmt::format("identity 'asn1dn:{}': not a distinguished name in DER", text));
  }
  return std::move(*bytes);
}

// RFC 4343: names compare without regard to case.
bool same_letters(ByteView a, ByteView b) {
  const auto lower = [](std::uint8_t c) {
    return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool matches(const Identity& wanted, const Identity& identity) {
  if (wanted.data.empty()) {
    return true;
  }
  if (wanted.type != identity.type) {
    return false;
  }
  switch (wanted.type) {
    case IdType::fqdn:
    case IdType::rfc822_addr:
      return same_letters(wanted.data, identity.data);
    case IdType::der_asn1_dn: {
      const NamePtr a = parse_name(wanted.data);
      const NamePtr b = parse_name(identity.data);
      return a != nullptr && b != nullptr && same_name(a.get(), b.get());
    }
    case IdType::ipv4_addr:
    case IdType::ipv6_addr:
    case IdType::key_id:
      break;
  }
  return wanted.data == identity.data;
}

Expected<Identity> Identity::parse(std::string_view text) {
  constexpr std::string_view key_id_prefix = "keyid:";
  constexpr std::string_view fqdn_prefix = "fqdn:";
  if (text == "%any") {
    return Identity{};
  }
  if (text.starts_with(key_id_prefix)) {
    return parse_key_id(text.substr(key_id_prefix.size()));
  }
  if (text.starts_with("@#")) {
    return parse_key_id(fmt::format("0x{}", text.substr(2)));
  }
  if (text.starts_with(fqdn_prefix) || text.starts_with('@')) {
    const std::string_view name = text.substr(text.starts_with('@') ? 1 : fqdn_prefix.size());
    if (!is_name(name)) {
      return fail(fmt::format("identity '{}': not a name", text));
    }
    return Identity{IdType::fqdn, to_bytes(name)};
  }
  if (const auto address = IpAddress::parse(text)) {
    return Identity{address->is_v4() ? IdType::ipv4_addr : IdType::ipv6_addr, to_bytes(address->bytes())};
  }
  constexpr std::string_view name_prefix = "asn1dn:";
  if (text.starts_with(name_prefix) || text.find('=') != std::string_view::npos) {
    auto name = parse_name_text(text.starts_with(name_prefix) ? text.substr(name_prefix.size()) : text);
    if (!name) {
      return std::unexpected(name.error());
    }
    return Identity{IdType::der_asn1_dn, std::move(*name)};
  }
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!is_name(text.substr(0, at)) || !is_name(text.substr(at + 1))) {
      return fail(fmt::format("identity '{}': not of the form user@domain", text));
    }
    return Identity{IdType::rfc822_addr, to_bytes(text)};
  }
  if (!is_name(text)) {
    return fail(fmt::format(
        "identity '{}': neither an address, user@domain, a name, nor keyid: with a key ID", text));
  }
  return Identity{IdType::fqdn, to_bytes(text)};
}

std::string Identity::to_string() const {
  if (data.empty()) {
    return "%any";
  }
  switch (type) {
    case IdType::ipv4_addr:
    case IdType::ipv6_addr:
      if (const auto address = IpAddress::from_bytes(data)) {
        return address->to_string();
      }
      break;
    case IdType::rfc822_addr:
      return readable(data);
    case IdType::fqdn: {
      std::string name = readable(data);
      const auto again = parse(name);
      return again && *again == *this ? name : "fqdn:" + name;
    }
    case IdType::key_id:
      return "keyid:" + readable(data);
    case IdType::der_asn1_dn:
      if (const NamePtr name = parse_name(data)) {
        return name_to_text(name.get());
      }
      return "asn1dn:#" + to_hex(data);
  }
  return "0x" + to_hex(data);
}

}  // namespace espgate::ike
