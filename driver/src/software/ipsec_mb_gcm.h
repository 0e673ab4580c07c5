// AES-GCM of Intel's libipsec-mb: several times as fast as OpenSSL's on short packets, since a packet is one
// call. Only for processors with AES and carry-less multiplication instructions.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace espgate::driver::software {

class IpsecMbGcm {
 public:
  using Nonce = std::array<std::uint8_t, 12>;

  // False in a build without the library, and on a processor that it is not fast on.
  static bool available();
  // Null when it is not available, or the key is neither 16 nor 32 bytes long.
  static std::unique_ptr<IpsecMbGcm> create(ByteView key);
  virtual ~IpsecMbGcm() = default;

  // Encrypts `text` in place and writes the ICV, 16 bytes.
  virtual void seal(const Nonce& nonce, ByteView aad, ByteSpan text, ByteSpan icv) = 0;
  // Decrypts `from` to `to`, and writes the ICV that the packet should have, 16 bytes.
  virtual void open(const Nonce& nonce, ByteView aad, ByteView from, ByteSpan to, ByteSpan icv) = 0;
  // The ICV of AAD without text, in two pieces.
  virtual void authenticate(const Nonce& nonce, ByteView aad, ByteView more_aad, ByteSpan icv) = 0;

 protected:
  IpsecMbGcm() = default;
};

}  // namespace espgate::driver::software
