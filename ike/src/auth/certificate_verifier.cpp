#include "auth/certificate_verifier.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace espgate::ike {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using ExtendedUsagePtr = std::unique_ptr<EXTENDED_KEY_USAGE, Deleter<EXTENDED_KEY_USAGE_free>>;

// Owns the list only: the certificates are those of the context.
struct ListDeleter {
  void operator()(STACK_OF(X509) * list) const { sk_X509_free(list); }
};
using ListPtr = std::unique_ptr<STACK_OF(X509), ListDeleter>;

std::string subject_of(const X509* certificate) {
  return name_to_text(X509_get_subject_name(certificate));
}

// What the peer's certificate may be for: nothing said, IKE, or TLS, whose certificates many use for IKE too.
bool extended_usage_fits(const X509* certificate) {
  const ExtendedUsagePtr usage(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  if (usage == nullptr) {
    return true;
  }
  constexpr std::array fitting{NID_anyExtendedKeyUsage, NID_ipsec_IKE,   NID_ipsecEndSystem, NID_ipsecTunnel,
                               NID_ipsecUser,           NID_server_auth, NID_client_auth};
  constexpr std::string_view ike_intermediate = "1.3.6.1.5.5.8.2.2";
  for (int i = 0; i < sk_ASN1_OBJECT_num(usage.get()); ++i) {
    const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(usage.get(), i);
    std::array<char, 64> text{};
    const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
    if (std::ranges::find(fitting, OBJ_obj2nid(object)) != fitting.end() ||
        (size > 0 && std::string_view(text.data()) == ike_intermediate)) {
      return true;
    }
  }
  return false;
}

// Of one verification; OpenSSL calls back with it.
struct Judge {
  Revocation revocation;
};

// The anchor is trusted by configuration: no CRL is needed to say so.
bool is_anchor(X509_STORE_CTX* ctx) {
  return X509_STORE_CTX_get_error_depth(ctx) + 1 == sk_X509_num(X509_STORE_CTX_get0_chain(ctx));
}

bool says_where_a_crl_is(const X509* certificate) {
  return certificate != nullptr && X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1) >= 0;
}

// Forgives a missing or an old CRL where the policy does; whatever a CRL does say is heeded.
int judge(int ok, X509_STORE_CTX* ctx) {
  if (ok == 1) {
    return 1;
  }
  const auto* own = static_cast<const Judge*>(X509_STORE_CTX_get_ex_data(ctx, 0));
  switch (X509_STORE_CTX_get_error(ctx)) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      if (own->revocation == Revocation::relaxed || is_anchor(ctx) ||
          (own->revocation == Revocation::if_uri &&
           !says_where_a_crl_is(X509_STORE_CTX_get_current_cert(ctx)))) {
        X509_STORE_CTX_set_error(ctx, X509_V_OK);
        return 1;
      }
      return 0;
    default:
      return 0;
  }
}

StorePtr make_store(const TrustContext& context) {
  StorePtr store(X509_STORE_new());
  require(store != nullptr, "certificate store");
  for (const Certificate& authority : context.authorities) {
    require(X509_STORE_add_cert(store.get(), authority.impl().x509.get()) == 1, "certificate store");
  }
  for (const Crl& crl : context.crls) {
    require(X509_STORE_add_crl(store.get(), crl.impl().crl.get()) == 1, "certificate store");
  }
  return store;
}

void set_parameters(X509_STORE_CTX* ctx, const TrustContext& context) {
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx);
  X509_VERIFY_PARAM_set_time(param, static_cast<std::time_t>(context.now.time_since_epoch().count()));
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(context.max_depth));
  // 112 bits: RSA from 2048 bits on, no SHA-1 in any signature of the chain.
  X509_VERIFY_PARAM_set_auth_level(param, 2);
  // An authority that is configured is an anchor, also when another one has issued it.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (!context.crls.empty() || context.revocation != Revocation::relaxed) {
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  }
  require(X509_VERIFY_PARAM_set_flags(param, flags) == 1, "certificate verification");
}

}  // namespace

Expected<> check_usage(const Certificate& certificate, std::chrono::sys_seconds now) {
  const X509* x509 = certificate.impl().x509.get();
  if (now < certificate.not_before() || now > certificate.not_after()) {
    return fail(
        fmt::format("the certificate of '{}' is valid from {:%F %T} to {:%F %T} UTC, and it is {:%F %T}",
                    subject_of(x509), certificate.not_before(), certificate.not_after(), now));
  }
  const std::uint32_t usage = X509_get_key_usage(certificate.impl().x509.get());
  if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) {
    return fail(fmt::format("the certificate of '{}' is not for signatures (key usage)", subject_of(x509)));
  }
  if (!extended_usage_fits(x509)) {
    return fail(fmt::format("the certificate of '{}' is not for IKE (extended key usage)", subject_of(x509)));
  }
  return {};
}

Expected<std::vector<Certificate>> verify_chain(const Certificate& certificate, const TrustContext& context) {
  if (const auto usable = check_usage(certificate, context.now); !usable) {
    return std::unexpected(usable.error());
  }
  const StorePtr store = make_store(context);
  const ListPtr others(sk_X509_new_null());
  require(others != nullptr, "certificate list");
  for (const Certificate& other : context.intermediates) {
    require(sk_X509_push(others.get(), other.impl().x509.get()) > 0, "certificate list");
  }
  const StoreCtxPtr ctx(X509_STORE_CTX_new());
  require(ctx != nullptr &&
              X509_STORE_CTX_init(ctx.get(), store.get(), certificate.impl().x509.get(), others.get()) == 1,
          "certificate verification");
  set_parameters(ctx.get(), context);
  Judge own{context.revocation};
  require(X509_STORE_CTX_set_ex_data(ctx.get(), 0, &own) == 1, "certificate verification");
  X509_STORE_CTX_set_verify_cb(ctx.get(), judge);
  const bool good = X509_verify_cert(ctx.get()) == 1;
  const int error = X509_STORE_CTX_get_error(ctx.get());
  ERR_clear_error();
  if (!good || error != X509_V_OK) {
    const X509* at = X509_STORE_CTX_get_current_cert(ctx.get());
    return fail(fmt::format("the certificate of '{}' is not trusted: {} (at '{}', depth {})",
                            subject_of(certificate.impl().x509.get()), X509_verify_cert_error_string(error),
                            at == nullptr ? "?" : subject_of(at), X509_STORE_CTX_get_error_depth(ctx.get())));
  }
  std::vector<Certificate> chain{certificate};
  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(ctx.get());
  for (int i = 1; i < sk_X509_num(found); ++i) {
    X509* link = sk_X509_value(found, i);
    // RFC 5280 section 6.1.4 (k): older ways to say that it is an authority do not count.
    if (X509_check_ca(link) != 1) {
      return fail(
          fmt::format("the certificate of '{}' is not trusted: '{}' in its chain is no authority (basic "
                      "constraints)",
                      subject_of(certificate.impl().x509.get()), subject_of(link)));
    }
    const auto is_link = [link](const Certificate& c) { return X509_cmp(c.impl().x509.get(), link) == 0; };
    for (const std::span<const Certificate> source : {context.authorities, context.intermediates}) {
      if (const auto at = std::ranges::find_if(source, is_link); at != source.end()) {
        chain.push_back(*at);
        break;
      }
    }
  }
  return chain;
}

}  // namespace espgate::ike
