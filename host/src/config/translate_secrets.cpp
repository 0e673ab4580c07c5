#include "config/translate_secrets.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "config/values.h"

namespace espgate::host::config {
namespace {

constexpr std::array kinds = {
    KnownName{"ike*"},
    KnownName{"eap*", "EAP"},
    KnownName{"xauth*", "IKEv1"},
    KnownName{"ntlm*", "EAP"},
    KnownName{"ppk*", "post-quantum pre-shared keys"},
    KnownName{"private*"},
    KnownName{"rsa*"},
    KnownName{"ecdsa*"},
    KnownName{"pkcs8*"},
    KnownName{"pkcs12*", "PKCS #12"},
    KnownName{"token*", "private keys on tokens"},
};
constexpr std::array ike_keys = {KnownName{"secret"}, KnownName{"id*"}};
constexpr std::array passphrase_keys = {KnownName{"secret"}, KnownName{"file"}};
constexpr std::array<std::string_view, 4> key_folders = {"private", "rsa", "ecdsa", "pkcs8"};

// Each file once, however many secrets it holds.
void check_mode(const Setting& secret, const std::string& path, std::set<std::string>& reported,
                Diagnostics& errors) {
  const SourceFile& file = *secret.where.file;
  if ((file.mode & 07U) != 0 && reported.insert(file.path).second) {
    errors.add(secret.where, path,
               fmt::format("a secret in a file that everybody may open (mode {:04o}): chmod 600 {}",
                           file.mode, file.path));
  }
}

void add_owner(const Setting& setting, const std::string& path, ike::SharedSecret& secret,
               bool& for_everybody, Diagnostics& errors) {
  if (setting.text() == "%any") {
    for_everybody = true;
    return;
  }
  auto owner = ike::Identity::parse(setting.text());
  if (!owner) {
    errors.add(setting.where, path, owner.error().message);
    return;
  }
  secret.owners.push_back(std::move(*owner));
}

ike::SharedSecret translate_ike_secret(const Section& section, const std::string& path,
                                       std::set<std::string>& reported, Diagnostics& errors) {
  ike::SharedSecret secret;
  check_keys(section, path, ike_keys, errors);
  check_sections(section, path, schema::no_names(), errors);
  bool for_everybody = false;
  for (const Setting& setting : section.settings()) {
    if (setting.key.starts_with("id")) {
      add_owner(setting, path + "." + setting.key, secret, for_everybody, errors);
    }
  }
  if (for_everybody) {
    if (!secret.owners.empty()) {
      errors.add(section.where(), path, "%any beside other identities: leave the others out, or %any");
    }
    secret.owners.clear();
  }
  const Setting* value = section.find("secret");
  if (value == nullptr) {
    errors.add(section.where(), path, "the key 'secret' is missing");
    return secret;
  }
  check_mode(*value, path + ".secret", reported, errors);
  auto bytes = parse_secret(value->text());
  if (bytes) {
    secret.value = std::move(*bytes);
  } else {
    errors.add(value->where, path + ".secret", bytes.error().message);
  }
  return secret;
}

// The passphrase of a private key's file.
void translate_passphrase(const Section& section, std::string_view folder, CredentialFiles& files,
                          std::set<std::string>& reported, Diagnostics& errors) {
  const std::string path = "secrets." + section.name();
  check_keys(section, path, passphrase_keys, errors);
  check_sections(section, path, schema::no_names(), errors);
  const Setting* file = section.find("file");
  const Setting* value = section.find("secret");
  if (file == nullptr || value == nullptr) {
    errors.add(section.where(), path,
               fmt::format("the key '{}' is missing", file == nullptr ? "file" : "secret"));
    return;
  }
  check_mode(*value, path + ".secret", reported, errors);
  auto bytes = parse_secret(value->text());
  if (!bytes) {
    errors.add(value->where, path + ".secret", bytes.error().message);
    return;
  }
  files.add_passphrase(std::string(folder), std::string(file->text()), std::move(*bytes));
}

}  // namespace

std::vector<ike::SharedSecret> translate_secrets(const Section& secrets, CredentialFiles& files,
                                                 Diagnostics& errors) {
  check_keys(secrets, "secrets", schema::no_names(), errors);
  check_sections(secrets, "secrets", kinds, errors);
  std::vector<ike::SharedSecret> all;
  std::set<std::string> reported;
  for (const Section& section : secrets.sections()) {
    if (section.name().starts_with("ike")) {
      all.push_back(translate_ike_secret(section, "secrets." + section.name(), reported, errors));
    }
    for (const std::string_view folder : key_folders) {
      if (section.name().starts_with(folder)) {
        translate_passphrase(section, folder, files, reported, errors);
      }
    }
  }
  return all;
}

}  // namespace espgate::host::config
