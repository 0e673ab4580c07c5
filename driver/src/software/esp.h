// The ESP packet itself, whatever it carries: SPI, sequence number, IV, ciphertext, ICV (RFC 4303 section 2
// with AES-GCM of RFC 4106 or GMAC of RFC 4543). What the payload is, and what stands around the packet, is
// the transforms' business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"
#include "driver/sa.h"
#include "software/aes_gcm.h"

namespace espgate::driver::software {

inline constexpr std::size_t esp_header_bytes = 8;  // SPI and sequence number
inline constexpr std::size_t esp_iv_bytes = 8;
inline constexpr std::size_t esp_trailer_bytes = 2;  // pad length and next header
inline constexpr std::size_t esp_icv_bytes = 16;
inline constexpr std::size_t esp_alignment = 4;  // of the ciphertext (RFC 4303 section 2.4)
// What stands around the ciphertext.
inline constexpr std::size_t esp_overhead = esp_header_bytes + esp_iv_bytes + esp_icv_bytes;

// Bytes of padding that a payload gets: 0..3.
constexpr std::size_t esp_padding(std::size_t payload_bytes) {
  return (esp_alignment - (payload_bytes + esp_trailer_bytes) % esp_alignment) % esp_alignment;
}
// Bytes of the whole ESP packet around a payload.
constexpr std::size_t esp_packet_bytes(std::size_t payload_bytes) {
  return esp_overhead + payload_bytes + esp_padding(payload_bytes) + esp_trailer_bytes;
}

using EspIv = std::array<std::uint8_t, esp_iv_bytes>;

// What authenticates an ESP packet beside its ciphertext.
struct EspHeader {
  std::uint32_t spi = 0;
  std::uint64_t sequence = 0;  // without ESN only the low half means anything
  EspIv iv{};
};

// One SA's key, for one direction.
class EspCipher {
 public:
  EspCipher() = default;
  // nullopt when the sizes of key or salt are not RFC 4106's.
  static std::optional<EspCipher> create(AesGcm::Use use, Cipher cipher, const AesGcmKey& key, bool esn,
                                         CryptoLibrary library = CryptoLibrary::fastest);

  // Writes the ESP packet around payload, zeros up to `payload_bytes` (RFC 4303 section 2.7), 1,2,3...
  // padding and next header; `out` has exactly esp_packet_bytes(payload_bytes) bytes and does not overlap the
  // payload, which is no longer than payload_bytes. False when AES-GCM fails.
  bool seal(const EspHeader& header, ByteView payload, std::size_t payload_bytes, std::uint8_t next_header,
            ByteSpan out);
  // The same around a plaintext whose trailer is already there; its size is a multiple of 4.
  bool seal_plaintext(const EspHeader& header, ByteView plaintext, ByteSpan out);

  // Checks the ICV of the ESP packet `packet` (esp_overhead bytes at least) and decrypts its ciphertext,
  // padding and trailer included, to the start of `plaintext`. `high` is the half of the sequence number that
  // ESN does not transmit. False when the ICV is wrong; what `plaintext` holds then must be wiped.
  bool open(ByteView packet, std::uint32_t high, ByteSpan plaintext);

 private:
  bool seal_in_place(const EspHeader& header, ByteSpan packet);
  GcmNonce nonce(ByteView iv) const;

  AesGcm m_gcm;
  Cipher m_cipher = Cipher::aes_gcm_16;
  InlineSecret<4> m_salt;
  bool m_esn = false;
};

}  // namespace espgate::driver::software
