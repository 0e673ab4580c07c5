// Certificates, keys and secrets of the IKE stack: those of the configuration's files, and those that came
// over the control socket, which stay when the files are read again. Secrets and private keys never come out
// again: they go by their IDs.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ike/stack.h"

namespace espgate::host::daemon {

class CredentialStore {
 public:
  // The stack must outlive the store. Each change is in force at once, for handshakes that follow.
  explicit CredentialStore(ike::Stack& stack) : m_stack(stack) {}
  CredentialStore(const CredentialStore&) = delete;
  CredentialStore& operator=(const CredentialStore&) = delete;

  void set_files(std::vector<ike::SharedSecret> secrets, ike::Credentials credentials);

  // Over the control socket, at most `max_of_each` of each kind. One that is there already stays once.
  static constexpr std::size_t max_of_each = 4096;
  Expected<> add_certificate(ike::Certificate certificate);
  // A trust anchor; the error says when it may not issue certificates.
  Expected<> add_authority(ike::Certificate authority);
  // Takes the place of what its issuer said before.
  Expected<> add_crl(ike::Crl crl);
  Expected<> add_key(ike::PrivateKey key);
  // Takes the place of one with the same ID, unless that is empty.
  Expected<> add_secret(const std::string& id, ike::SharedSecret secret);
  // A trust anchor by name; takes the place of one with the same name.
  Expected<> set_authority(const std::string& name, ike::Certificate authority);
  // False when there is none that came over the control socket.
  bool remove_key(std::string_view id);
  bool remove_secret(std::string_view id);
  bool remove_authority(const std::string& name);
  // All that came over the control socket.
  void clear();
  // Forgets which certificates have been verified.
  void forget_verified() { apply_credentials(); }

  // What came over the control socket: key IDs in hexadecimal digits, IDs of secrets where they have one.
  std::vector<std::string> key_ids() const;
  std::vector<std::string> secret_ids() const;
  const std::map<std::string, ike::Certificate>& authorities() const { return m_authorities; }
  // All that there is, from files too.
  ike::Credentials all() const;

 private:
  struct NamedSecret {
    std::string id;
    ike::SharedSecret secret;
  };
  void apply_credentials();
  void apply_secrets();

  ike::Stack& m_stack;
  std::vector<ike::SharedSecret> m_file_secrets;
  ike::Credentials m_files;
  std::vector<NamedSecret> m_secrets;
  ike::Credentials m_loaded;
  std::map<std::string, ike::Certificate> m_authorities;
};

// The key's ID as strongSwan writes it.
std::string key_id_text(const ike::KeyId& id);

}  // namespace espgate::host::daemon
