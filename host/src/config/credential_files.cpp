#include "config/credential_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "config/conf_file.h"

namespace espgate::host::config {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{16} << 20;
constexpr std::size_t max_files = 4096;

template <typename T>
Expected<T> at(const std::string& path, Expected<T> result) {
  if (!result) {
    return fail(fmt::format("{}: {}", path, result.error().message));
  }
  return result;
}

template <typename T>
Expected<T> read_as(const std::string& path) {
  const auto file = load_file(path, max_file_bytes);
  if (!file) {
    return std::unexpected(file.error());
  }
  return at(path, T::parse(file->content.view()));
}

Expected<ike::PrivateKey> read_key(const std::string& path, ByteView passphrase) {
  const auto file = load_file(path, max_file_bytes);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((file->mode & 07U) != 0) {
    return fail(fmt::format("{}: a private key that everybody may open (mode {:04o}): chmod 600 {}", path,
                            file->mode, path));
  }
  return at(path, ike::PrivateKey::parse(file->content.view(), passphrase));
}

// The regular files of a folder, by name; none when the folder is not there.
std::vector<std::string> files_in(const std::string& folder, Diagnostics& errors) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error) && !entry->path().filename().string().starts_with('.')) {
      paths.push_back(entry->path().string());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    errors.add(fmt::format("{}: cannot be listed: {}", folder, error.message()));
  }
  if (paths.size() > max_files) {
    errors.add(fmt::format("{}: more than {} files", folder, max_files));
    paths.clear();
  }
  std::ranges::sort(paths);
  return paths;
}

template <typename T>
void collect(std::vector<T>& to, Expected<T> read, Diagnostics& errors) {
  if (read) {
    to.push_back(std::move(*read));
  } else {
    errors.add(read.error().message);
  }
}

Expected<ike::Certificate> only_authority(const std::string& path, Expected<ike::Certificate> certificate) {
  if (certificate && !certificate->is_authority()) {
    return fail(
        fmt::format("{}: the certificate of '{}' may not issue certificates (basic constraints): it is no "
                    "authority",
                    path, certificate->subject().to_string()));
  }
  return certificate;
}

}  // namespace

std::string CredentialFiles::path_of(std::string_view subfolder, std::string_view name) const {
  return name.starts_with('/') ? std::string(name) : fmt::format("{}/{}/{}", m_folder, subfolder, name);
}

Expected<ike::Certificate> CredentialFiles::certificate(std::string_view name,
                                                        std::string_view subfolder) const {
  if (m_folder.empty() && !name.starts_with('/')) {
    return fail(fmt::format("'{}': there is no folder that it could be in", name));
  }
  return read_as<ike::Certificate>(path_of(subfolder, name));
}

Expected<ike::Certificate> CredentialFiles::authority(std::string_view name) const {
  return only_authority(path_of("x509ca", name), certificate(name, "x509ca"));
}

void CredentialFiles::add_passphrase(const std::string& kind, const std::string& file, Secret passphrase) {
  m_passphrases[path_of(kind, file)] = std::move(passphrase);
}

ike::Credentials CredentialFiles::load_all(Diagnostics& errors) const {
  ike::Credentials all;
  if (m_folder.empty()) {
    return all;
  }
  for (const std::string& path : files_in(m_folder + "/x509", errors)) {
    collect(all.certificates, read_as<ike::Certificate>(path), errors);
  }
  for (const std::string& path : files_in(m_folder + "/x509ca", errors)) {
    collect(all.authorities, only_authority(path, read_as<ike::Certificate>(path)), errors);
  }
  for (const std::string& path : files_in(m_folder + "/x509crl", errors)) {
    collect(all.crls, read_as<ike::Crl>(path), errors);
  }
  for (const char* kind : {"private", "rsa", "ecdsa", "pkcs8"}) {
    for (const std::string& path : files_in(fmt::format("{}/{}", m_folder, kind), errors)) {
      const auto passphrase = m_passphrases.find(path);
      collect(all.keys,
              read_key(path, passphrase == m_passphrases.end() ? ByteView{} : passphrase->second.view()),
              errors);
    }
  }
  for (const std::string& path : files_in(m_folder + "/pkcs12", errors)) {
    errors.add(
        fmt::format("{}: not supported by this version: PKCS #12; put certificate and key into x509 and "
                    "private",
                    path));
  }
  return all;
}

}  // namespace espgate::host::config
