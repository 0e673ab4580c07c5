#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace espgate::host::config {

void Diagnostics::add(const Location& where, std::string_view path, std::string_view message) {
  m_errors.push_back(fmt::format("{}: {}: {}", where.to_string(), path, message));
}

void Diagnostics::note(const Location& where, std::string_view path, std::string_view message) {
  m_notices.push_back(fmt::format("{}: {}: {}", where.to_string(), path, message));
}

namespace schema {
namespace {

// A name that ends with '*' stands for all that begin so.
constexpr std::array top_section_names = {
    KnownName{"connections"},
    KnownName{"secrets"},
    KnownName{"pools", "virtual addresses"},
    KnownName{"authorities"},
};

constexpr std::array connection_key_names = {
    KnownName{"version"},
    KnownName{"local_addrs"},
    KnownName{"remote_addrs"},
    KnownName{"local_port"},
    KnownName{"remote_port"},
    KnownName{"proposals"},
    KnownName{"encap"},
    KnownName{"vips", "virtual addresses"},
    KnownName{"pull", "virtual addresses"},
    KnownName{"pools", "virtual addresses"},
    KnownName{"aggressive", "IKEv1"},
    KnownName{"dscp", "DSCP of IKE packets"},
    KnownName{"mobike", "MOBIKE"},
    KnownName{"dpd_delay"},
    KnownName{"dpd_timeout"},
    KnownName{"fragmentation"},
    KnownName{"childless"},
    KnownName{"send_certreq"},
    KnownName{"send_cert"},
    KnownName{"ppk_id", "post-quantum pre-shared keys"},
    KnownName{"ppk_required", "post-quantum pre-shared keys"},
    KnownName{"keyingtries"},
    KnownName{"unique"},
    KnownName{"reauth_time"},
    KnownName{"rekey_time"},
    KnownName{"over_time"},
    KnownName{"rand_time"},
    KnownName{"if_id_in", "XFRM interfaces"},
    KnownName{"if_id_out", "XFRM interfaces"},
    KnownName{"mediation", "mediation"},
    KnownName{"mediated_by", "mediation"},
    KnownName{"mediation_peer", "mediation"},
};

constexpr std::array connection_section_names = {
    KnownName{"children"},
    KnownName{"local*"},
    KnownName{"remote*"},
};

constexpr std::array local_key_names = {
    KnownName{"auth"},
    KnownName{"id"},
    KnownName{"round", "several rounds of authentication"},
    KnownName{"certs"},
    KnownName{"cert*", "certificates on tokens"},
    KnownName{"pubkeys", "public keys without certificates"},
    KnownName{"eap_id", "EAP"},
    KnownName{"aaa_id", "EAP"},
    KnownName{"xauth_id", "IKEv1"},
};

constexpr std::array remote_key_names = {
    KnownName{"auth"},
    KnownName{"id"},
    KnownName{"round", "several rounds of authentication"},
    KnownName{"certs"},
    KnownName{"cacerts"},
    KnownName{"revocation"},
    KnownName{"allowed_ts"},
    KnownName{"ca_id", "authorities by identity; name their certificates in cacerts"},
    KnownName{"cert_policy", "certificate policies"},
    KnownName{"cert*", "certificates on tokens"},
    KnownName{"cacert*", "certificates on tokens"},
    KnownName{"pubkeys", "public keys without certificates"},
    KnownName{"groups", "groups of peers"},
    KnownName{"eap_id", "EAP"},
};

constexpr std::array child_key_names = {
    KnownName{"esp_proposals"},
    KnownName{"local_ts"},
    KnownName{"remote_ts"},
    KnownName{"mode"},
    KnownName{"start_action"},
    KnownName{"replay_window"},
    KnownName{"hw_offload"},
    KnownName{"copy_df"},
    KnownName{"copy_ecn"},
    KnownName{"copy_dscp"},
    KnownName{"ah_proposals"},
    KnownName{"sha256_96", "the truncation of HMAC-SHA2-256 to 96 bits, which RFC 4868 does not have"},
    KnownName{"rekey_time"},
    KnownName{"life_time"},
    KnownName{"rand_time"},
    KnownName{"rekey_bytes"},
    KnownName{"life_bytes"},
    KnownName{"rand_bytes"},
    KnownName{"rekey_packets"},
    KnownName{"life_packets"},
    KnownName{"rand_packets"},
    KnownName{"updown", "up/down scripts"},
    KnownName{"hostaccess", "up/down scripts"},
    KnownName{"policies", "Child SAs without policies"},
    KnownName{"policies_fwd_out", "XFRM policies"},
    KnownName{"dpd_action"},
    KnownName{"ipcomp", "IPComp"},
    KnownName{"inactivity", "inactivity timeouts"},
    KnownName{"reqid", "fixed request identifiers"},
    KnownName{"priority", "SPD priorities; entries stand in the order of the file"},
    KnownName{"interface", "policies for one interface"},
    KnownName{"mark_in", "marks"},
    KnownName{"mark_in_sa", "marks"},
    KnownName{"mark_out", "marks"},
    KnownName{"set_mark_in", "marks"},
    KnownName{"set_mark_out", "marks"},
    KnownName{"if_id_in", "XFRM interfaces"},
    KnownName{"if_id_out", "XFRM interfaces"},
    KnownName{"label", "security labels"},
    KnownName{"label_mode", "security labels"},
    KnownName{"tfc_padding", "TFC padding"},
    KnownName{"close_action"},
};

constexpr std::array authority_key_names = {
    KnownName{"cacert"},
    KnownName{"file"},
    KnownName{"crl_uris", "fetching CRLs; put them into x509crl"},
    KnownName{"ocsp_uris", "OCSP; put CRLs into x509crl"},
    KnownName{"cert_uri_base", "hash-and-URL"},
    KnownName{"handle", "certificates on tokens"},
    KnownName{"slot", "certificates on tokens"},
    KnownName{"module", "certificates on tokens"},
};

}  // namespace

std::span<const KnownName> top_sections() {
  return top_section_names;
}
std::span<const KnownName> connection_keys() {
  return connection_key_names;
}
std::span<const KnownName> connection_sections() {
  return connection_section_names;
}
std::span<const KnownName> local_keys() {
  return local_key_names;
}
std::span<const KnownName> remote_keys() {
  return remote_key_names;
}
std::span<const KnownName> child_keys() {
  return child_key_names;
}
std::span<const KnownName> authority_keys() {
  return authority_key_names;
}
std::span<const KnownName> no_names() {
  return {};
}

}  // namespace schema

namespace {

const KnownName* look_up(std::span<const KnownName> known, std::string_view name) {
  const auto matches = [name](const KnownName& k) {
    return k.name.ends_with('*') ? name.starts_with(k.name.substr(0, k.name.size() - 1)) : k.name == name;
  };
  const auto found = std::ranges::find_if(known, matches);
  return found == known.end() ? nullptr : &*found;
}

std::string join(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

}  // namespace

void check_keys(const Section& section, const std::string& path, std::span<const KnownName> known,
                Diagnostics& errors) {
  for (const Setting& setting : section.settings()) {
    const KnownName* rule = look_up(known, setting.key);
    if (rule == nullptr) {
      errors.add(setting.where, join(path, setting.key), "unknown key");
    } else if (!rule->refused.empty()) {
      errors.add(setting.where, join(path, setting.key),
                 fmt::format("not supported by this version: {}", rule->refused));
    }
  }
}

void check_sections(const Section& section, const std::string& path, std::span<const KnownName> known,
                    Diagnostics& errors) {
  for (const Section& inner : section.sections()) {
    const KnownName* rule = look_up(known, inner.name());
    if (rule == nullptr) {
      errors.add(inner.where(), join(path, inner.name()), "unknown section");
    } else if (!rule->refused.empty() && !inner.empty()) {
      errors.add(inner.where(), join(path, inner.name()),
                 fmt::format("not supported by this version: {}", rule->refused));
    }
  }
}

}  // namespace espgate::host::config
