#include "crypto/prf.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <optional>

#include "config/algorithms.h"
#include "crypto/fetched.h"
#include "crypto/openssl.h"

namespace espgate::ike {
namespace {

// nullopt for a PRF that is no HMAC.
std::optional<Hash> hash_of(Prf algorithm) {
  switch (algorithm) {
    case Prf::hmac_sha1:
      return Hash::sha1;
    case Prf::hmac_sha2_256:
      return Hash::sha256;
    case Prf::hmac_sha2_384:
      return Hash::sha384;
    case Prf::hmac_sha2_512:
      return Hash::sha512;
    case Prf::aes128_cmac:
      break;
  }
  return std::nullopt;
}

// nullopt for an algorithm that is no HMAC.
std::optional<Hash> hash_of(Integrity algorithm) {
  switch (algorithm) {
    case Integrity::hmac_sha1_96:
      return Hash::sha1;
    case Integrity::hmac_sha2_256_128:
      return Hash::sha256;
    case Integrity::hmac_sha2_384_192:
      return Hash::sha384;
    case Integrity::hmac_sha2_512_256:
      return Hash::sha512;
    case Integrity::none:
    case Integrity::aes_xcbc_96:
    case Integrity::aes_cmac_96:
      break;
  }
  return std::nullopt;
}

// H(first block | parts joined).
void digest_behind(EVP_MD_CTX* ctx, const EVP_MD* digest, ByteView block,
                   std::initializer_list<ByteView> parts, ByteSpan out) {
  bool ok =
      EVP_DigestInit_ex2(ctx, digest, nullptr) == 1 && EVP_DigestUpdate(ctx, block.data(), block.size()) == 1;
  for (const ByteView part : parts) {
    ok = ok && EVP_DigestUpdate(ctx, part.data(), part.size()) == 1;
  }
  unsigned size = 0;
  require(ok && EVP_DigestFinal_ex(ctx, out.data(), &size) == 1 && size == out.size(), "HMAC");
}

// RFC 2104: H(K ^ opad | H(K ^ ipad | parts joined)). Made of digests, because OpenSSL's own HMAC looks its
// digest up for each message, which takes four times as long as the rest.
Secret hmac(Hash hash, ByteView key, std::initializer_list<ByteView> parts) {
  constexpr std::size_t largest_block = 128;
  constexpr std::uint8_t inner_pad = 0x36;
  constexpr std::uint8_t outer_pad = 0x5c;
  const EVP_MD* digest = fetched(hash);
  const auto block_size = static_cast<std::size_t>(EVP_MD_get_block_size(digest));
  const auto digest_size = static_cast<std::size_t>(EVP_MD_get_size(digest));
  const DigestCtxPtr ctx(EVP_MD_CTX_new());
  require(ctx != nullptr && block_size <= largest_block && digest_size <= block_size, "HMAC");
  Secret padded(block_size);
  const ByteSpan block = padded.span();
  if (key.size() > block_size) {
    digest_behind(ctx.get(), digest, {}, {key}, block.first(digest_size));
  } else {
    std::ranges::copy(key, block.begin());
  }
  const auto pad = [&](std::uint8_t with) {
    for (std::uint8_t& byte : block) {
      byte ^= with;
    }
  };
  Secret out(digest_size);
  pad(inner_pad);
  digest_behind(ctx.get(), digest, block, parts, out.span());
  pad(inner_pad ^ outer_pad);
  digest_behind(ctx.get(), digest, block, {out.view()}, out.span());
  return out;
}

constexpr std::size_t cmac_size = 16;

// AES-CMAC with a key of 128 bits (RFC 4493).
Secret cmac(ByteView key, ByteView data) {
  std::array<char, 12> cipher{"AES-128-CBC"};
  const std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0), OSSL_PARAM_construct_end()};
  const MacCtxPtr ctx(EVP_MAC_CTX_new(fetched_cmac()));
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
std::array<std::uint8_t, N> digest(Hash hash, ByteView data) {
  std::array<std::uint8_t, N> out{};
  unsigned size = 0;
  require(EVP_Digest(data.data(), data.size(), out.data(), &size, fetched(hash), nullptr) == 1 && size == N,
          "digest");
  return out;
}

}  // namespace

Secret prf(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts) {
  if (algorithm == Prf::aes128_cmac) {
    return cmac_prf(key, join(parts, 0, 0).view());
  }
  const auto hash = hash_of(algorithm);
  require(hash.has_value(), "PRF not available");
  return hmac(*hash, key, parts);
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
    const Secret t = prf(algorithm, key, {done == 0 ? seed.view().subspan(block) : seed.view()});
    const std::size_t take = std::min(block, size - done);
    std::ranges::copy(t.view().first(take), out.span().subspan(done).begin());
    std::ranges::copy(t.view(), seed.span().begin());
    done += take;
  }
  return out;
}

Bytes integrity_icv(Integrity algorithm, ByteView key, ByteView data) {
  const auto hash = hash_of(algorithm);
  require(hash || algorithm == Integrity::aes_cmac_96, "integrity algorithm not available");
  const Secret full = hash ? hmac(*hash, key, {data}) : cmac(key, data);
  const ByteView icv = full.view().first(icv_size(algorithm));
  return {icv.begin(), icv.end()};
}

std::array<std::uint8_t, 20> sha1(ByteView data) {
  return digest<20>(Hash::sha1, data);
}
std::array<std::uint8_t, 32> sha256(ByteView data) {
  return digest<32>(Hash::sha256, data);
}

}  // namespace espgate::ike
