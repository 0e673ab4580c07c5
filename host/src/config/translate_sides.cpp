#include <fmt/format.h>

#include "config/setting_reader.h"
#include "config/translate_connection.h"

namespace espgate::host::config {
namespace {

// strongSwan's `auth`: without the key it is pubkey.
struct Auth {
  ike::AuthKind kind = ike::AuthKind::signature;
  ike::SignatureRules rules;
};

Expected<Auth> parse_auth(std::string_view text) {
  if (text == "psk") {
    return Auth{.kind = ike::AuthKind::psk, .rules = {}};
  }
  if (text.starts_with("eap") || text.starts_with("xauth") || text == "any") {
    return fail(fmt::format("'{}': not supported by this version: EAP and XAuth; psk and pubkey are", text));
  }
  auto rules = ike::SignatureRules::parse(text);
  if (!rules) {
    return fail(
        fmt::format("{}; psk, pubkey, rsa, ecdsa, ed25519 and ed448 are supported", rules.error().message));
  }
  return Auth{.kind = ike::AuthKind::signature, .rules = std::move(*rules)};
}

Expected<ike::Revocation> parse_revocation(std::string_view text) {
  if (text == "relaxed") {
    return ike::Revocation::relaxed;
  }
  if (text == "ifuri") {
    return ike::Revocation::if_uri;
  }
  if (text == "strict") {
    return ike::Revocation::strict;
  }
  return fail(fmt::format("'{}' is none of relaxed, ifuri and strict", text));
}

Expected<IpRange> parse_allowed(std::string_view text) {
  const auto range = IpRange::parse(text);
  return range ? Expected<IpRange>(*range)
               : fail(fmt::format("'{}' is neither an address, a prefix nor a range", text));
}

// The one section whose name begins with `side`.
const Section* find_side(const Section& section, const std::string& path, std::string_view side,
                         Diagnostics& errors) {
  const Section* found = nullptr;
  for (const Section& inner : section.sections()) {
    if (!inner.name().starts_with(side)) {
      continue;
    }
    if (found != nullptr) {
      errors.add(inner.where(), path + "." + inner.name(),
                 "not supported by this version: several rounds of authentication");
    } else {
      found = &inner;
    }
  }
  if (found == nullptr) {
    errors.add(section.where(), fmt::format("{}.{}", path, side),
               fmt::format("the section is missing: {} {{ auth = ... }} must stand here", side));
  }
  return found;
}

}  // namespace

void translate_local(const Section& section, const std::string& path, const CredentialFiles& files,
                     ike::ConnectionConfig& config, Diagnostics& errors) {
  const Section* found = find_side(section, path, "local", errors);
  if (found == nullptr) {
    return;
  }
  const std::string side_path = path + "." + found->name();
  check_keys(*found, side_path, schema::local_keys(), errors);
  check_sections(*found, side_path, schema::no_names(), errors);
  SettingReader in(*found, side_path, errors);
  auto auth = in.value("auth", parse_auth).value_or(Auth{});
  config.local_auth.kind = auth.kind;
  config.local_auth.rules = std::move(auth.rules);
  config.local_auth.certificates =
      in.list("certs", [&](std::string_view name) { return files.certificate(name, "x509"); });
  config.local_id = in.value("id", ike::Identity::parse).value_or(ike::Identity{});
}

void translate_remote(const Section& section, const std::string& path, const CredentialFiles& files,
                      ike::ConnectionConfig& config, Diagnostics& errors) {
  const Section* found = find_side(section, path, "remote", errors);
  if (found == nullptr) {
    return;
  }
  const std::string side_path = path + "." + found->name();
  check_keys(*found, side_path, schema::remote_keys(), errors);
  check_sections(*found, side_path, schema::no_names(), errors);
  SettingReader in(*found, side_path, errors);
  auto auth = in.value("auth", parse_auth).value_or(Auth{});
  config.remote_auth.kind = auth.kind;
  config.remote_auth.rules = std::move(auth.rules);
  config.remote_auth.certificates =
      in.list("certs", [&](std::string_view name) { return files.certificate(name, "x509"); });
  config.remote_auth.authorities =
      in.list("cacerts", [&](std::string_view name) { return files.authority(name); });
  config.remote_auth.revocation = in.value("revocation", parse_revocation).value_or(ike::Revocation::relaxed);
  config.remote_id = in.value("id", ike::IdentityPattern::parse).value_or(ike::IdentityPattern{});
  config.allowed_remote = in.list("allowed_ts", parse_allowed);
}

}  // namespace espgate::host::config
