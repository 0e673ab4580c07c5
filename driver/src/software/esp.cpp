#include "software/esp.h"

#include <algorithm>

namespace espgate::driver::software {
namespace {

// RFC 4106 section 5: SPI and sequence number, with ESN all 64 bits of it.
class Aad {
 public:
  Aad(std::uint32_t spi, std::uint64_t sequence, bool esn) : m_size(esn ? 12 : 8) {
    store_be32(m_bytes, 0, spi);
    if (esn) {
      store_be64(m_bytes, 4, sequence);
    } else {
      store_be32(m_bytes, 4, static_cast<std::uint32_t>(sequence));
    }
  }
  ByteView view() const { return ByteView(m_bytes).first(m_size); }

 private:
  std::array<std::uint8_t, 12> m_bytes{};
  std::size_t m_size;
};

}  // namespace

std::optional<EspCipher> EspCipher::create(AesGcm::Use use, Cipher cipher, const AesGcmKey& key, bool esn,
                                           CryptoLibrary library) {
  auto gcm = AesGcm::create(use, key.key.view(), library);
  if (!gcm || key.salt.size() != 4) {
    return std::nullopt;
  }
  EspCipher made;
  made.m_gcm = std::move(*gcm);
  made.m_cipher = cipher;
  made.m_salt = key.salt;
  made.m_esn = esn;
  return made;
}

// RFC 4106 section 4: salt, then the explicit IV.
GcmNonce EspCipher::nonce(ByteView iv) const {
  GcmNonce nonce{};
  store_be32(nonce, 0, load_be32(m_salt.view()));
  store_be64(nonce, 4, load_be64(iv));
  return nonce;
}

bool EspCipher::seal(const EspHeader& header, ByteView payload, std::size_t payload_bytes,
                     std::uint8_t next_header, ByteSpan out) {
  const std::size_t padding = esp_padding(payload_bytes);
  const ByteSpan body = out.subspan(esp_header_bytes + esp_iv_bytes);
  // copy_n becomes memmove; libstdc++ 12 makes a loop over bytes of ranges::copy from const ones.
  std::copy_n(payload.begin(), payload.size(), body.begin());
  std::ranges::fill(body.subspan(payload.size(), payload_bytes - payload.size()), std::uint8_t{0});
  for (std::size_t i = 0; i < padding; ++i) {
    body[payload_bytes + i] = static_cast<std::uint8_t>(i + 1);
  }
  body[payload_bytes + padding] = static_cast<std::uint8_t>(padding);
  body[payload_bytes + padding + 1] = next_header;
  return seal_in_place(header, out);
}

bool EspCipher::seal_plaintext(const EspHeader& header, ByteView plaintext, ByteSpan out) {
  std::copy_n(plaintext.begin(), plaintext.size(), out.begin() + esp_header_bytes + esp_iv_bytes);
  return seal_in_place(header, out);
}

bool EspCipher::seal_in_place(const EspHeader& header, ByteSpan packet) {
  store_be32(packet, 0, header.spi);
  store_be32(packet, 4, static_cast<std::uint32_t>(header.sequence));
  store_be64(packet, esp_header_bytes, load_be64(header.iv));
  const Aad aad(header.spi, header.sequence, m_esn);
  const ByteSpan icv = packet.last(esp_icv_bytes);
  // RFC 4543 section 3.3: GMAC's AAD goes on with the IV and the payload, and no text is left.
  const ByteSpan iv_and_text =
      packet.subspan(esp_header_bytes, packet.size() - esp_header_bytes - icv.size());
  if (m_cipher == Cipher::null_aes_gmac) {
    return m_gcm.seal(nonce(header.iv), aad.view(), {}, icv, iv_and_text);
  }
  return m_gcm.seal(nonce(header.iv), aad.view(), iv_and_text.subspan(esp_iv_bytes), icv);
}

bool EspCipher::open(ByteView packet, std::uint32_t high, ByteSpan plaintext) {
  const ByteView icv = packet.last(esp_icv_bytes);
  const ByteView iv_and_text =
      packet.subspan(esp_header_bytes, packet.size() - esp_header_bytes - icv.size());
  const ByteView iv = iv_and_text.first(esp_iv_bytes);
  const ByteView text = iv_and_text.subspan(esp_iv_bytes);
  const Aad aad(load_be32(packet), (std::uint64_t{high} << 32) | load_be32(packet, 4), m_esn);
  if (m_cipher == Cipher::null_aes_gmac) {
    if (!m_gcm.open(nonce(iv), aad.view(), {}, {}, icv, iv_and_text)) {
      return false;
    }
    std::copy_n(text.begin(), text.size(), plaintext.begin());
    return true;
  }
  return m_gcm.open(nonce(iv), aad.view(), text, plaintext.first(text.size()), icv);
}

}  // namespace espgate::driver::software
