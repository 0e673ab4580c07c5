#include "support/packets.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/checksum.h"
#include "base/writer.h"

namespace espgate::driver::test {
namespace {

constexpr std::size_t icv_bytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One call of AES-GCM; encrypting appends the ICV, decrypting takes it off and checks it.
std::optional<Bytes> aes_gcm(bool encrypt, const AesGcmKey& key, ByteView iv, ByteView aad, ByteView in) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  Bytes nonce(key.salt.view().begin(), key.salt.view().end());
  nonce.insert(nonce.end(), iv.begin(), iv.end());
  const EVP_CIPHER* cipher = key.key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  const ByteView text = encrypt ? in : in.first(in.size() - icv_bytes);
  Bytes out(text.size());
  Bytes icv(icv_bytes);
  int written = 0;
  if (EVP_CipherInit_ex(context.get(), cipher, nullptr, key.key.view().data(), nonce.data(),
                        encrypt ? 1 : 0) != 1 ||
      EVP_CipherUpdate(context.get(), nullptr, &written, aad.data(), static_cast<int>(aad.size())) != 1 ||
      (!text.empty() && EVP_CipherUpdate(context.get(), out.data(), &written, text.data(),
                                         static_cast<int>(text.size())) != 1)) {
    return std::nullopt;
  }
  if (!encrypt) {
    icv.assign(in.end() - icv_bytes, in.end());
    if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, icv_bytes, icv.data()) != 1) {
      return std::nullopt;
    }
  }
  if (EVP_CipherFinal_ex(context.get(), nullptr, &written) != 1) {
    return std::nullopt;
  }
  if (encrypt) {
    if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, icv_bytes, icv.data()) != 1) {
      return std::nullopt;
    }
    out.insert(out.end(), icv.begin(), icv.end());
  }
  return out;
}

Bytes joined(ByteView first, ByteView second, ByteView third = {}) {
  Bytes all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  all.insert(all.end(), third.begin(), third.end());
  return all;
}

// The part of an ESP packet behind the IV. GMAC (RFC 4543) authenticates IV and payload as further AAD, and
// encrypts nothing.
Bytes seal(Cipher cipher, const AesGcmKey& key, ByteView iv, ByteView aad, ByteView plaintext) {
  if (cipher == Cipher::aes_gcm_16) {
    return aes_gcm(true, key, iv, aad, plaintext).value();
  }
  return joined(plaintext, aes_gcm(true, key, iv, joined(aad, iv, plaintext), {}).value());
}
std::optional<Bytes> open(Cipher cipher, const AesGcmKey& key, ByteView iv, ByteView aad, ByteView in) {
  if (cipher == Cipher::aes_gcm_16) {
    return aes_gcm(false, key, iv, aad, in);
  }
  const ByteView plaintext = in.first(in.size() - icv_bytes);
  if (!aes_gcm(false, key, iv, joined(aad, iv, plaintext), in.last(icv_bytes))) {
    return std::nullopt;
  }
  return Bytes(plaintext.begin(), plaintext.end());
}

Bytes aad_of(std::uint32_t spi, std::uint64_t sequence, bool esn) {
  Writer writer;
  writer.u32(spi);
  if (esn) {
    writer.u64(sequence);
  } else {
    writer.u32(static_cast<std::uint32_t>(sequence));
  }
  return std::move(writer).finish();
}

}  // namespace

void fix_checksum(ByteSpan packet) {
  store_be16(packet, 10, 0);
  store_be16(packet, 10, internet_checksum(packet.first(std::size_t{packet[0] & 0x0fU} * 4)));
}

Bytes ipv4(const Ipv4Spec& spec) {
  const std::size_t header = 20 + 4 * spec.option_words;
  Writer writer;
  writer.u8(static_cast<std::uint8_t>(0x40 + header / 4));
  writer.u8(spec.tos);
  writer.u16(static_cast<std::uint16_t>(header + spec.payload.size()));
  writer.u16(spec.identification);
  writer.u16(spec.fragment);
  writer.u8(spec.hop_limit);
  writer.u8(spec.protocol);
  writer.u16(0);
  writer.u32(spec.source);
  writer.u32(spec.destination);
  for (std::size_t i = 0; i < 4 * spec.option_words; ++i) {
    writer.u8(1);
  }
  writer.bytes(spec.payload);
  Bytes packet = std::move(writer).finish();
  fix_checksum(packet);
  return packet;
}

Bytes ipv6(const Ipv6Spec& spec) {
  Writer behind;
  for (std::size_t i = 0; i < spec.extensions.size(); ++i) {
    const ExtensionSpec& extension = spec.extensions[i];
    behind.u8(i + 1 < spec.extensions.size() ? spec.extensions[i + 1].type : spec.protocol);
    if (extension.type == 44) {
      behind.u8(0);
      behind.u16(extension.fragment);
      behind.u32(0x01020304);
    } else {
      behind.u8(static_cast<std::uint8_t>(extension.units - 1));
      behind.zeros(8 * extension.units - 2);
    }
  }
  behind.bytes(spec.payload);
  Writer writer;
  writer.u32(0x60000000U | std::uint32_t{spec.traffic_class} << 20U | spec.flow_label);
  writer.u16(static_cast<std::uint16_t>(behind.size()));
  writer.u8(spec.extensions.empty() ? spec.protocol : spec.extensions.front().type);
  writer.u8(spec.hop_limit);
  writer.bytes(spec.source.bytes());
  writer.bytes(spec.destination.bytes());
  writer.bytes(behind.view());
  return std::move(writer).finish();
}

Bytes udp(std::uint16_t source_port, std::uint16_t destination_port, std::size_t bytes) {
  Writer writer;
  writer.u16(source_port);
  writer.u16(destination_port);
  writer.u16(static_cast<std::uint16_t>(8 + bytes));
  writer.u16(0);
  for (std::size_t i = 0; i < bytes; ++i) {
    writer.u8(static_cast<std::uint8_t>(i));
  }
  return std::move(writer).finish();
}

Bytes packet_of(std::size_t bytes) {
  const std::size_t payload = bytes - 20;
  if (payload < 8) {
    return ipv4({.protocol = 253, .payload = Bytes(payload, 0x5a)});
  }
  return ipv4({.protocol = 17, .payload = udp(1000, 2000, payload - 8)});
}

Bytes packet6_of(std::size_t bytes) {
  const std::size_t payload = bytes - 40;
  if (payload < 8) {
    return ipv6({.protocol = 253, .payload = Bytes(payload, 0x5a)});
  }
  return ipv6({.protocol = 17, .payload = udp(1000, 2000, payload - 8)});
}

Bytes with_trailer(ByteView payload, std::uint8_t next_header, std::size_t extra_words) {
  Bytes plaintext(payload.begin(), payload.end());
  std::uint8_t padding = 0;
  while ((plaintext.size() + 2) % 4 != 0 || extra_words > 0) {
    if ((plaintext.size() + 2) % 4 == 0) {
      --extra_words;
    }
    plaintext.push_back(++padding);
  }
  plaintext.push_back(padding);
  plaintext.push_back(next_header);
  return plaintext;
}

Bytes esp(const EspSpec& spec) {
  Writer writer;
  writer.u32(spec.spi);
  writer.u32(static_cast<std::uint32_t>(spec.sequence));
  Writer iv;
  iv.u64(spec.sequence ^ 0x5a5a000000000000);  // a peer's IV need not be the sequence number
  writer.bytes(iv.view());
  writer.bytes(
      seal(spec.cipher, spec.key, iv.view(), aad_of(spec.spi, spec.sequence, spec.esn), spec.plaintext));
  Writer datagram;
  if (spec.encapsulation) {
    datagram.u16(spec.encapsulation->source_port);
    datagram.u16(spec.encapsulation->destination_port);
    datagram.u16(static_cast<std::uint16_t>(8 + writer.size()));
    datagram.u16(0);
  }
  datagram.bytes(writer.view());
  const std::uint8_t protocol = spec.encapsulation ? 17 : 50;
  if (spec.outer6) {
    Ipv6Spec outer = *spec.outer6;
    outer.protocol = protocol;
    outer.payload = std::move(datagram).finish();
    return ipv6(outer);
  }
  Ipv4Spec outer = spec.outer;
  outer.protocol = protocol;
  outer.payload = std::move(datagram).finish();
  return ipv4(outer);
}

std::optional<Bytes> open_esp(const OutboundSa& sa, ByteView packet, std::size_t header_bytes,
                              std::uint32_t high) {
  const ByteView body = packet.subspan(header_bytes);
  const std::uint64_t sequence = (std::uint64_t{high} << 32) | load_be32(body, 4);
  return open(sa.cipher, sa.key, body.subspan(8, 8), aad_of(load_be32(body), sequence, sa.esn),
              body.subspan(16));
}

}  // namespace espgate::driver::test
