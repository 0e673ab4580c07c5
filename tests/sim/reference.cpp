#include "reference.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::sim::test {
namespace {

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

void require(bool ok) {
  if (!ok) {
    throw std::runtime_error("OpenSSL call failed");
  }
}

// GF(2^128) of SP 800-38D section 6.3, bit by bit.
Block multiply(const Block& x, const Block& y) {
  Block z{};
  Block v = y;
  for (std::size_t bit = 0; bit < 128; ++bit) {
    if ((x[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      for (std::size_t i = 0; i < 16; ++i) {
        z[i] ^= v[i];
      }
    }
    const bool carry = (v[15] & 1) != 0;
    for (std::size_t i = 16; i-- > 0;) {
      v[i] = static_cast<std::uint8_t>(v[i] >> 1 | (i > 0 ? v[i - 1] << 7 : 0));
    }
    if (carry) {
      v[0] ^= 0xe1;
    }
  }
  return z;
}

Block inverse(const Block& x) {
  // x^(2^128 - 2) = x^2 * x^4 * ... * x^(2^127)
  Block square = x;
  Block result{0x80};
  for (int i = 1; i < 128; ++i) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}

}  // namespace

std::array<Block, 10> hash_powers(ByteView key) {
  Block h{};
  const Block zero{};
  const CipherContext context(EVP_CIPHER_CTX_new());
  int count = 0;
  require(EVP_EncryptInit_ex(context.get(), key.size() == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), nullptr,
                             key.data(), nullptr) == 1);
  require(EVP_EncryptUpdate(context.get(), h.data(), &count, zero.data(), 16) == 1 && count == 16);
  std::array<Block, 21> power{};
  power[1] = h;
  for (std::size_t n = 2; n <= 20; ++n) {
    power[n] = multiply(power[n - 1], h);
  }
  const Block minus_one = inverse(h);
  return {power[1],  power[2],  power[3],  power[4],  power[8],
          power[12], power[16], power[20], minus_one, multiply(minus_one, minus_one)};
}

Bytes gcm_seal(ByteView key, ByteView nonce, ByteView aad, ByteView text) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  Bytes out(text.size() + 16);
  int count = 0;
  require(EVP_EncryptInit_ex(context.get(), key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), nullptr,
                             key.data(), nonce.data()) == 1);
  require(EVP_EncryptUpdate(context.get(), nullptr, &count, aad.data(), static_cast<int>(aad.size())) == 1);
  require(EVP_EncryptUpdate(context.get(), out.data(), &count, text.data(), static_cast<int>(text.size())) ==
          1);
  require(EVP_EncryptFinal_ex(context.get(), out.data() + text.size(), &count) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, out.data() + text.size()) == 1);
  return out;
}

Bytes Ipv4::build() const {
  const std::size_t header = 20 + 4 * option_words;
  Writer w;
  w.u8(static_cast<std::uint8_t>(0x40 | header / 4));
  w.u8(tos);
  w.u16(static_cast<std::uint16_t>(header + payload.size()));
  w.u16(id);
  w.u16(fragment);
  w.u8(ttl);
  w.u8(protocol);
  w.u16(0);
  w.u32(source);
  w.u32(destination);
  for (std::size_t i = 0; i < option_words; ++i) {
    w.u32(0x01010101);  // no-operation
  }
  w.patch_u16(10, internet_checksum(w.view()));
  w.bytes(payload);
  return std::move(w).finish();
}

Bytes Ipv6::build() const {
  Writer w;
  w.u32(6U << 28 | std::uint32_t{tos} << 20 | flow_label);
  w.u16(static_cast<std::uint16_t>(payload.size()));
  w.u8(next_header);
  w.u8(hop_limit);
  w.bytes(source);
  w.bytes(destination);
  w.bytes(payload);
  return std::move(w).finish();
}

Bytes any_bytes(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t x = 0x2545f491U + static_cast<std::uint32_t>(size);
  for (std::uint8_t& byte : bytes) {
    x = x * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(x >> 24);
  }
  return bytes;
}

Bytes udp_packet(std::size_t size, std::uint8_t tos, std::uint16_t source_port,
                 std::uint16_t destination_port) {
  Ipv4 ip;
  ip.tos = tos;
  ip.payload = any_bytes(size - 20);
  if (size >= 28) {
    store_be16(ip.payload, 0, source_port);
    store_be16(ip.payload, 2, destination_port);
    store_be16(ip.payload, 4, static_cast<std::uint16_t>(size - 20));
    store_be16(ip.payload, 6, 0);
  }
  return ip.build();
}

Bytes Esp::build(ByteView payload) const {
  Bytes pad;
  if (padding) {
    pad = *padding;
  } else {
    while ((payload.size() + pad.size() + 2) % 4 != 0) {
      pad.push_back(static_cast<std::uint8_t>(pad.size() + 1));
    }
  }
  Writer text;
  text.bytes(payload);
  text.bytes(pad);
  text.u8(pad_length.value_or(static_cast<std::uint8_t>(pad.size())));
  text.u8(next_header);

  Writer header;
  header.u32(spi);
  header.u32(static_cast<std::uint32_t>(sequence));
  header.u64(sequence);
  Writer nonce;
  nonce.bytes(salt);
  nonce.u64(sequence);
  Writer aad;
  aad.u32(spi);
  if (esn) {
    aad.u64(sequence);
  } else {
    aad.u32(static_cast<std::uint32_t>(sequence));
  }
  if (gmac) {
    aad.u64(sequence);
    aad.bytes(text.view());
    header.bytes(text.view());
    header.bytes(gcm_seal(key, nonce.view(), aad.view(), {}));
  } else {
    header.bytes(gcm_seal(key, nonce.view(), aad.view(), text.view()));
  }
  return std::move(header).finish();
}

}  // namespace espgate::sim::test
