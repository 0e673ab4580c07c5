#include "auth/certificate.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "crypto/prf.h"

namespace espgate::ike {
namespace {

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

constexpr std::size_t max_certificate_size = 65536;
constexpr std::size_t max_crl_size = std::size_t{16} << 20;

BioPtr reader_of(ByteView bytes) {
  BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  require(bio != nullptr, "memory BIO");
  return bio;
}

bool is_pem(ByteView bytes) {
  constexpr std::string_view begin = "-----BEGIN ";
  return std::ranges::search(bytes, begin).begin() != bytes.end();
}

template <typename Pointer, auto ReadDer, auto ReadPem>
Pointer read_object(ByteView bytes) {
  Pointer object;
  if (is_pem(bytes)) {
    object.reset(ReadPem(reader_of(bytes).get(), nullptr, nullptr, nullptr));
  } else {
    const std::uint8_t* at = bytes.data();
    object.reset(ReadDer(nullptr, &at, static_cast<long>(bytes.size())));
    if (at != bytes.data() + bytes.size()) {
      object.reset();
    }
  }
  ERR_clear_error();
  return object;
}

template <auto Encode, typename T>
Bytes encode(T* object) {
  std::uint8_t* der = nullptr;
  const int size = Encode(object, &der);
  require(size > 0, "certificate encoding");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

ByteView bytes_of(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::chrono::sys_seconds to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    return {};
  }
  using namespace std::chrono;
  const year_month_day day{year{parts.tm_year + 1900}, month{static_cast<unsigned>(parts.tm_mon + 1)},
                           std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  return sys_days{day} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

// The identity that a subject alternative name is (RFC 4945 section 3.1); without data for other kinds.
Identity identity_of(const GENERAL_NAME* name) {
  int kind = 0;
  const void* value = GENERAL_NAME_get0_value(name, &kind);
  const auto from_string = [value](IdType type) {
    const ByteView bytes = bytes_of(static_cast<const ASN1_STRING*>(value));
    // A zero byte inside would make two readers see two names.
    return std::ranges::find(bytes, 0) == bytes.end() ? Identity{type, Bytes(bytes.begin(), bytes.end())}
                                                      : Identity{};
  };
  switch (kind) {
    case GEN_DNS:
      return from_string(IdType::fqdn);
    case GEN_EMAIL:
      return from_string(IdType::rfc822_addr);
    case GEN_IPADD: {
      const ByteView bytes = bytes_of(static_cast<const ASN1_STRING*>(value));
      const auto address = IpAddress::from_bytes(bytes);
      return address ? Identity{address->is_v4() ? IdType::ipv4_addr : IdType::ipv6_addr,
                                Bytes(bytes.begin(), bytes.end())}
                     : Identity{};
    }
    default:
      return {};
  }
}

std::vector<Identity> alternative_names(const X509* certificate) {
  std::vector<Identity> found;
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    Identity name = identity_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.data.empty()) {
      found.push_back(std::move(name));
    }
  }
  return found;
}

Identity to_identity(const X509_NAME* name) {
  return {IdType::der_asn1_dn, encode_name(name)};
}

}  // namespace

Expected<Certificate> Certificate::parse(ByteView der_or_pem) {
  if (der_or_pem.size() > max_certificate_size) {
    return fail("a certificate of more than 64 KiB");
  }
  X509Ptr x509 = read_object<X509Ptr, d2i_X509, PEM_read_bio_X509>(der_or_pem);
  if (x509 == nullptr) {
    return fail("not an X.509 certificate in DER or PEM");
  }
  // Reads all extensions once: afterwards the certificate does not change any more.
  X509_check_purpose(x509.get(), -1, 0);
  ERR_clear_error();
  const std::string subject = name_to_text(X509_get_subject_name(x509.get()));
  if ((X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) != 0) {
    return fail(fmt::format("the certificate of '{}' has an extension that cannot be read", subject));
  }
  auto key = PublicKey::from(X509_get_X509_PUBKEY(x509.get()));
  if (!key) {
    return fail(fmt::format("the certificate of '{}' has {}", subject, key.error().message));
  }
  Bytes der = encode<i2d_X509>(x509.get());
  const auto digest = sha256(der);
  Identity own = to_identity(X509_get_subject_name(x509.get()));
  Identity issuer = to_identity(X509_get_issuer_name(x509.get()));
  auto names = alternative_names(x509.get());
  return Certificate(
      std::make_shared<const Impl>(Impl{std::move(x509), std::move(der), std::move(*key), digest,
                                        std::move(own), std::move(issuer), std::move(names)}));
}

ByteView Certificate::der() const {
  return m_impl->der;
}
Identity Certificate::subject() const {
  return m_impl->subject;
}
Identity Certificate::issuer() const {
  return m_impl->issuer;
}
bool Certificate::is_authority() const {
  return X509_check_ca(m_impl->x509.get()) == 1;
}
KeyType Certificate::key_type() const {
  return m_impl->key.type();
}
unsigned Certificate::key_bits() const {
  return m_impl->key.bits();
}
KeyId Certificate::key_id() const {
  return m_impl->key.id();
}
std::chrono::sys_seconds Certificate::not_before() const {
  return to_time(X509_get0_notBefore(m_impl->x509.get()));
}
std::chrono::sys_seconds Certificate::not_after() const {
  return to_time(X509_get0_notAfter(m_impl->x509.get()));
}

bool Certificate::names(const Identity& identity) const {
  if (identity.data.empty()) {
    return false;
  }
  if (identity.type == IdType::der_asn1_dn) {
    return m_impl->subject == identity || matches(m_impl->subject, identity);
  }
  if (identity.type == IdType::key_id) {
    const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(m_impl->x509.get());
    return id != nullptr && std::ranges::equal(bytes_of(id), identity.data);
  }
  return std::ranges::any_of(m_impl->alternative_names,
                             [&](const Identity& name) { return matches(name, identity); });
}

bool Certificate::operator==(const Certificate& other) const {
  return m_impl->der == other.m_impl->der;
}

Expected<Crl> Crl::parse(ByteView der_or_pem) {
  if (der_or_pem.size() > max_crl_size) {
    return fail("a certificate revocation list of more than 16 MiB");
  }
  X509CrlPtr crl = read_object<X509CrlPtr, d2i_X509_CRL, PEM_read_bio_X509_CRL>(der_or_pem);
  if (crl == nullptr) {
    return fail("not a certificate revocation list in DER or PEM");
  }
  Bytes der = encode<i2d_X509_CRL>(crl.get());
  const ASN1_TIME* end = X509_CRL_get0_nextUpdate(crl.get());
  const auto this_update = to_time(X509_CRL_get0_lastUpdate(crl.get()));
  const auto next_update = end != nullptr ? std::optional(to_time(end)) : std::nullopt;
  return Crl(std::make_shared<const Impl>(Impl{std::move(crl), std::move(der), this_update, next_update}));
}

Identity Crl::issuer() const {
  return to_identity(X509_CRL_get_issuer(m_impl->crl.get()));
}
ByteView Crl::der() const {
  return m_impl->der;
}

}  // namespace espgate::ike
