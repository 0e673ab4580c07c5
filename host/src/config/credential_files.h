// Certificates, CRLs and private keys in the folders beside swanctl.conf, as strongSwan has them: x509,
// x509ca, x509crl, and private, rsa, ecdsa and pkcs8 for keys.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/schema.h"
#include "ike/credentials.h"

namespace espgate::host::config {

class CredentialFiles {
 public:
  // `folder` is that of swanctl.conf; empty when there is none, and then there are no files.
  explicit CredentialFiles(std::string folder) : m_folder(std::move(folder)) {}

  // A file that the configuration names: an absolute path, or one within `subfolder`.
  Expected<ike::Certificate> certificate(std::string_view name, std::string_view subfolder) const;
  // The same, from x509ca; refuses what is not allowed to issue certificates.
  Expected<ike::Certificate> authority(std::string_view name) const;

  // The passphrase of the key in `file` of the folder `kind` (private, rsa, ecdsa or pkcs8).
  void add_passphrase(const std::string& kind, const std::string& file, Secret passphrase);
  // Everything in the folders. A file that cannot be used is an error, and so is a key that everybody may
  // read.
  ike::Credentials load_all(Diagnostics& errors) const;

 private:
  std::string path_of(std::string_view subfolder, std::string_view name) const;

  std::string m_folder;
  std::map<std::string, Secret> m_passphrases;  // by path
};

}  // namespace espgate::host::config
