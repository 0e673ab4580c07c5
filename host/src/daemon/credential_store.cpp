#include "daemon/credential_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace espgate::host::daemon {
namespace {

template <typename T>
Expected<> add_bounded(std::vector<T>& to, T one, const char* what) {
  if (to.size() >= CredentialStore::max_of_each) {
    return fail(fmt::format("{} {} are loaded already, which is the limit; unload some", to.size(), what));
  }
  to.push_back(std::move(one));
  return {};
}

Expected<> check_authority(const ike::Certificate& authority) {
  if (!authority.is_authority()) {
    return fail(fmt::format(
        "the certificate of '{}' may not issue certificates (basic constraints): it is no authority",
        authority.subject().to_string()));
  }
  return {};
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append_new(std::vector<ike::Certificate>& to, const ike::Certificate& certificate) {
  if (std::ranges::find(to, certificate) == to.end()) {
    to.push_back(certificate);
  }
}

ike::SharedSecret copy_of(const ike::SharedSecret& secret) {
  ike::SharedSecret copy;
  copy.owners = secret.owners;
  copy.value = secret.value.clone();
  return copy;
}

}  // namespace

void CredentialStore::set_files(std::vector<ike::SharedSecret> secrets, ike::Credentials credentials) {
  m_file_secrets = std::move(secrets);
  m_files = std::move(credentials);
  apply_secrets();
  apply_credentials();
}

Expected<> CredentialStore::add_certificate(ike::Certificate certificate) {
  if (std::ranges::find(m_loaded.certificates, certificate) != m_loaded.certificates.end()) {
    return {};
  }
  auto added = add_bounded(m_loaded.certificates, std::move(certificate), "certificates");
  apply_credentials();
  return added;
}

Expected<> CredentialStore::add_authority(ike::Certificate authority) {
  if (auto checked = check_authority(authority); !checked) {
    return checked;
  }
  if (std::ranges::find(m_loaded.authorities, authority) != m_loaded.authorities.end()) {
    return {};
  }
  auto added = add_bounded(m_loaded.authorities, std::move(authority), "authorities");
  apply_credentials();
  return added;
}

Expected<> CredentialStore::add_crl(ike::Crl crl) {
  std::erase_if(m_loaded.crls, [&](const ike::Crl& other) { return other.issuer() == crl.issuer(); });
  auto added = add_bounded(m_loaded.crls, std::move(crl), "certificate revocation lists");
  apply_credentials();
  return added;
}

Expected<> CredentialStore::add_key(ike::PrivateKey key) {
  if (std::ranges::find(m_loaded.keys, key.id(), &ike::PrivateKey::id) != m_loaded.keys.end()) {
    return {};
  }
  auto added = add_bounded(m_loaded.keys, std::move(key), "private keys");
  apply_credentials();
  return added;
}

Expected<> CredentialStore::add_secret(const std::string& id, ike::SharedSecret secret) {
  std::erase_if(m_secrets, [&](const NamedSecret& other) {
    return id.empty() ? other.id.empty() && other.secret.owners == secret.owners : other.id == id;
  });
  auto added = add_bounded(m_secrets, NamedSecret{id, std::move(secret)}, "shared secrets");
  apply_secrets();
  return added;
}

Expected<> CredentialStore::set_authority(const std::string& name, ike::Certificate authority) {
  if (auto checked = check_authority(authority); !checked) {
    return checked;
  }
  if (!m_authorities.contains(name) && m_authorities.size() >= max_of_each) {
    return fail(
        fmt::format("{} authorities are loaded already, which is the limit; unload some", max_of_each));
  }
  m_authorities.insert_or_assign(name, std::move(authority));
  apply_credentials();
  return {};
}

bool CredentialStore::remove_key(std::string_view id) {
  const auto removed =
      std::erase_if(m_loaded.keys, [&](const ike::PrivateKey& key) { return key_id_text(key.id()) == id; });
  apply_credentials();
  return removed != 0;
}

bool CredentialStore::remove_secret(std::string_view id) {
  const auto removed =
      std::erase_if(m_secrets, [&](const NamedSecret& secret) { return !id.empty() && secret.id == id; });
  apply_secrets();
  return removed != 0;
}

bool CredentialStore::remove_authority(const std::string& name) {
  const bool removed = m_authorities.erase(name) != 0;
  apply_credentials();
  return removed;
}

void CredentialStore::clear() {
  m_secrets.clear();
  m_loaded = {};
  m_authorities.clear();
  apply_secrets();
  apply_credentials();
}

std::vector<std::string> CredentialStore::key_ids() const {
  std::vector<std::string> ids;
  ids.reserve(m_loaded.keys.size());
  for (const ike::PrivateKey& key : m_loaded.keys) {
    ids.push_back(key_id_text(key.id()));
  }
  return ids;
}

std::vector<std::string> CredentialStore::secret_ids() const {
  std::vector<std::string> ids;
  for (const NamedSecret& secret : m_secrets) {
    if (!secret.id.empty()) {
      ids.push_back(secret.id);
    }
  }
  return ids;
}

ike::Credentials CredentialStore::all() const {
  ike::Credentials all = m_files;
  for (const ike::Certificate& certificate : m_loaded.certificates) {
    append_new(all.certificates, certificate);
  }
  for (const ike::Certificate& authority : m_loaded.authorities) {
    append_new(all.authorities, authority);
  }
  for (const auto& [name, authority] : m_authorities) {
    append_new(all.authorities, authority);
  }
  append(all.crls, m_loaded.crls);
  append(all.keys, m_loaded.keys);
  return all;
}

void CredentialStore::apply_credentials() {
  m_stack.load_credentials(all());
}

void CredentialStore::apply_secrets() {
  std::vector<ike::SharedSecret> secrets;
  secrets.reserve(m_file_secrets.size() + m_secrets.size());
  for (const ike::SharedSecret& secret : m_file_secrets) {
    secrets.push_back(copy_of(secret));
  }
  for (const NamedSecret& named : m_secrets) {
    secrets.push_back(copy_of(named.secret));
  }
  m_stack.load_shared_secrets(std::move(secrets));
}

std::string key_id_text(const ike::KeyId& id) {
  std::string text;
  for (const std::uint8_t byte : id) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

}  // namespace espgate::host::daemon
