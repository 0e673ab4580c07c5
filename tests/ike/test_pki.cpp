#include "test_pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace espgate::ike::test {
namespace {

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

TimePtr to_asn1(std::chrono::sys_seconds time) {
  return TimePtr(ASN1_TIME_set(nullptr, static_cast<std::time_t>(time.time_since_epoch().count())));
}

NamePtr to_name(const std::string& text) {
  return parse_name(name_from_text(text).value());
}

EVP_PKEY* native(const PrivateKey& key) {
  return key.impl().key.get();
}

const EVP_MD* digest_for(const PrivateKey& key, bool sha1) {
  if (key.type() == KeyType::ed25519 || key.type() == KeyType::ed448) {
    return nullptr;
  }
  return sha1 ? EVP_sha1() : EVP_sha256();
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& text) {
  X509V3_CTX ctx{};
  X509V3_set_ctx(&ctx, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &ctx, nid, text.c_str()));
  require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "test extension");
}

std::map<int, std::string> extensions_of(const CertificateSpec& spec) {
  std::map<int, std::string> all = spec.extensions;
  all.emplace(NID_subject_key_identifier, "hash");
  all.emplace(NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
  all.emplace(NID_key_usage, spec.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!spec.alternative_names.empty()) {
    all.emplace(NID_subject_alt_name, spec.alternative_names);
  }
  std::erase_if(all, [](const auto& e) { return e.second.empty(); });
  return all;
}

}  // namespace

Holder issue(const CertificateSpec& spec, const Holder* issuer) {
  PrivateKey key = *make_private_key(spec.key_kind);
  const X509Ptr made(X509_new());
  const NamePtr subject = to_name(spec.subject);
  Bytes serial(16);
  make_system_random()->fill(serial);
  serial.front() &= 0x7f;
  const BignumPtr number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  X509_set_version(made.get(), 2);
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get()));
  X509_set_subject_name(made.get(), subject.get());
  X509_set_issuer_name(made.get(), issuer == nullptr
                                       ? subject.get()
                                       : X509_get_subject_name(issuer->certificate.impl().x509.get()));
  X509_set1_notBefore(made.get(), to_asn1(spec.not_before).get());
  X509_set1_notAfter(made.get(), to_asn1(spec.not_after).get());
  X509_set_pubkey(made.get(), native(key));
  X509* above = issuer == nullptr ? made.get() : issuer->certificate.impl().x509.get();
  for (const auto& [nid, text] : extensions_of(spec)) {
    add_extension(made.get(), above, nid, text);
  }
  if (issuer != nullptr) {
    add_extension(made.get(), above, NID_authority_key_identifier, "keyid:always");
  }
  const PrivateKey& signer = issuer == nullptr ? key : issuer->key;
  require(X509_sign(made.get(), native(signer), digest_for(signer, spec.sha1)) > 0, "test certificate");
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(made.get(), &der);
  const Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return {Certificate::parse(bytes).value(), std::move(key)};
}

Holder make_authority(const std::string& subject, const Holder* issuer) {
  return issue({.subject = subject, .authority = true}, issuer);
}

Bytes make_crl_der(const Holder& issuer, const std::vector<Certificate>& revoked,
                   std::chrono::sys_seconds next_update) {
  const X509CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.impl().x509.get()));
  X509_CRL_set1_lastUpdate(crl.get(), to_asn1(pki_now - std::chrono::days(14)).get());
  X509_CRL_set1_nextUpdate(crl.get(), to_asn1(next_update).get());
  for (const Certificate& certificate : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.impl().x509.get()));
    X509_REVOKED_set_revocationDate(entry, to_asn1(pki_now - std::chrono::days(15)).get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  X509_CRL_sort(crl.get());
  require(X509_CRL_sign(crl.get(), native(issuer.key), digest_for(issuer.key, false)) > 0, "test CRL");
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  const Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Crl make_crl(const Holder& issuer, const std::vector<Certificate>& revoked,
             std::chrono::sys_seconds next_update) {
  return Crl::parse(make_crl_der(issuer, revoked, next_update)).value();
}

Bytes to_pem(const Certificate& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate.impl().x509.get()) == 1, "test certificate");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, data + size};
}

}  // namespace espgate::ike::test
