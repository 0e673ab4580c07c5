// OpenSSL's algorithms, each looked up once. EVP_sha256() and its like are names: OpenSSL looks the algorithm
// up anew at every use, which takes longer than hashing a short message.
#pragma once

#include <cstdint>

#include "crypto/openssl.h"

namespace espgate::ike {

enum class Hash : std::uint8_t { sha1, sha256, sha384, sha512 };
const EVP_MD* fetched(Hash hash);

enum class CipherMode : std::uint8_t { gcm, cbc, ctr };
// nullptr when AES has no keys of so many bits.
const EVP_CIPHER* fetched_aes(CipherMode mode, std::size_t key_bits);
const EVP_CIPHER* fetched_chacha20_poly1305();

EVP_MAC* fetched_cmac();

}  // namespace espgate::ike
