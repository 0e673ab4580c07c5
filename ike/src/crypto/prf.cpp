#include "crypto/prf.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "config/algorithms.h"
#include "crypto/openssl.h"

namespace espgate::ike {
namespace {

// nullptr for a PRF that is no HMAC.
const EVP_MD* digest_of(Prf algorithm) {
  switch (algorithm) {
    case Prf::hmac_sha1:
      return EVP_sha1();
    case Prf::hmac_sha2_256:
      return EVP_sha256();
    case Prf::hmac_sha2_384:
      return EVP_sha384();
    case Prf::hmac_sha2_512:
      return EVP_sha512();
    case Prf::aes128_cmac:
      break;
  }
  return nullptr;
}

// nullptr for an algorithm that is no HMAC.
const EVP_MD* digest_of(Integrity algorithm) {
  switch (algorithm) {
    case Integrity::hmac_sha1_96:
      return EVP_sha1();
    case Integrity::hmac_sha2_256_128:
      return EVP_sha256();
    case Integrity::hmac_sha2_384_192:
      return EVP_sha384();
    case Integrity::hmac_sha2_512_256:
      return EVP_sha512();
    case Integrity::none:
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
      break;
  }
  return nullptr;
}

Secret hmac(const EVP_MD* digest, ByteView key, ByteView data) {
  Secret out(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  // HMAC() takes a null key as "none given"; the empty key is a valid one.
  static constexpr std::uint8_t empty = 0;
  unsigned size = 0;
  require(HMAC(digest, key.empty() ? &empty : key.data(), static_cast<int>(key.size()),
               data.empty() ? &empty : data.data(), data.size(), out.span().data(), &size) != nullptr &&
              size == out.size(),
          "HMAC");
  return out;
}

constexpr std::size_t cmac_size = 16;

// AES-CMAC with a key of 128 bits (RFC 4493).
Secret cmac(ByteView key, ByteView data) {
  std::array<char, 12> cipher{"AES-128-CBC"};
  const std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0), OSSL_PARAM_construct_end()};
  const MacPtr mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
  const MacCtxPtr ctx(mac == nullptr ? nullptr : EVP_MAC_CTX_new(mac.get()));
  Secret out(cmac_size);
  std::size_t size = 0;
  require(ctx != nullptr && EVP_MAC_init(ctx.get(), key.data(), key.size(), params.data()) == 1 &&
              EVP_MAC_update(ctx.get(), data.data(), data.size()) == 1 &&
              EVP_MAC_final(ctx.get(), out.span().data(), &size, out.size()) == 1 && size == cmac_size,
          "AES-CMAC");
  return out;
}

// RFC 4615 section 3: a key of another length is itself hashed, with a key of zeros.
Secret cmac_prf(ByteView key, ByteView data) {
  if (key.size() == cmac_size) {
    return cmac(key, data);
  }
  constexpr std::array<std::uint8_t, cmac_size> zeros{};
  return cmac(cmac(zeros, key).view(), data);
}

Secret one_prf(Prf algorithm, ByteView key, ByteView data) {
  if (algorithm == Prf::aes128_cmac) {
    return cmac_prf(key, data);
  }
  const EVP_MD* digest = digest_of(algorithm);
  require(digest != nullptr, "PRF not available");
  return hmac(digest, key, data);
}

// All parts in one wiped buffer, with room for `before` and `after` more bytes.
Secret join(std::initializer_list<ByteView> parts, std::size_t before, std::size_t after) {
  std::size_t size = before + after;
  for (const ByteView part : parts) {
    size += part.size();
  }
  Secret joined(size);
  auto to = joined.span().subspan(before).begin();
  for (const ByteView part : parts) {
    to = std::ranges::copy(part, to).out;
  }
  return joined;
}

template <std::size_t N>
std::array<std::uint8_t, N> hash(const EVP_MD* digest, ByteView data) {
  std::array<std::uint8_t, N> out{};
  unsigned size = 0;
  require(EVP_Digest(data.data(), data.size(), out.data(), &size, digest, nullptr) == 1 && size == N,
          "digest");
  return out;
}

}  // namespace

Secret prf(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts) {
  return one_prf(algorithm, key, join(parts, 0, 0).view());
}

Secret prf_plus(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts, std::size_t size) {
  // RFC 7296 section 2.13: T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n).
  const std::size_t block = output_size(algorithm);
  require(block != 0 && size <= 255 * block, "prf+: more output than it is defined for");
  Secret seed = join(parts, block, 1);
  Secret out(size);
  std::uint8_t counter = 1;
  for (std::size_t done = 0; done < size; ++counter) {
    seed.span().back() = counter;
    const Secret t = one_prf(algorithm, key, done == 0 ? seed.view().subspan(block) : seed.view());
    const std::size_t take = std::min(block, size - done);
    std::ranges::copy(t.view().first(take), out.span().subspan(done).begin());
    std::ranges::copy(t.view(), seed.span().begin());
    done += take;
  }
  return out;
}

Bytes integrity_icv(Integrity algorithm, ByteView key, ByteView data) {
  const EVP_MD* digest = digest_of(algorithm);
  require(digest != nullptr || algorithm == Integrity::aes_cmac_96, "integrity algorithm not available");
  const Secret full = digest != nullptr ? hmac(digest, key, data) : cmac(key, data);
  const ByteView icv = full.view().first(icv_size(algorithm));
  return {icv.begin(), icv.end()};
}

std::array<std::uint8_t, 20> sha1(ByteView data) {
  return hash<20>(EVP_sha1(), data);
}
std::array<std::uint8_t, 32> sha256(ByteView data) {
  return hash<32>(EVP_sha256(), data);
}

}  // namespace espgate::ike
