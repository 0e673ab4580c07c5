#include "crypto/prf.h"

#include <openssl/hmac.h>

#include <algorithm>

#include "config/algorithms.h"
#include "crypto/openssl.h"

namespace espgate::ike {
namespace {

const EVP_MD* digest_of(Prf algorithm) {
  switch (algorithm) {
    case Prf::hmac_sha2_384:
      return EVP_sha384();
    case Prf::hmac_sha2_512:
      return EVP_sha512();
    case Prf::hmac_sha2_256:
      break;
  }
  return EVP_sha256();
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
  return hmac(digest_of(algorithm), key, join(parts, 0, 0).view());
}

Secret prf_plus(Prf algorithm, ByteView key, std::initializer_list<ByteView> parts, std::size_t size) {
  // RFC 7296 section 2.13: T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n).
  const std::size_t block = output_size(algorithm);
  require(size <= 255 * block, "prf+: more output than it is defined for");
  Secret seed = join(parts, block, 1);
  Secret out(size);
  std::uint8_t counter = 1;
  for (std::size_t done = 0; done < size; ++counter) {
    seed.span().back() = counter;
    const Secret t = hmac(digest_of(algorithm), key, done == 0 ? seed.view().subspan(block) : seed.view());
    const std::size_t take = std::min(block, size - done);
    std::ranges::copy(t.view().first(take), out.span().subspan(done).begin());
    std::ranges::copy(t.view(), seed.span().begin());
    done += take;
  }
  return out;
}

Bytes integrity_icv(Integrity algorithm, ByteView key, ByteView data) {
  const EVP_MD* digest = EVP_sha256();
  if (algorithm == Integrity::hmac_sha2_384_192) {
    digest = EVP_sha384();
  } else if (algorithm == Integrity::hmac_sha2_512_256) {
    digest = EVP_sha512();
  }
  const Secret full = hmac(digest, key, data);
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
