#include "crypto/key_schedule.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/algorithms.h"
#include "crypto/prf.h"

namespace espgate::ike {
namespace {

// Cuts keys off the front of keying material.
class KeyCutter {
 public:
  explicit KeyCutter(ByteView material) : m_rest(material) {}
  Secret cut(std::size_t size) {
    Secret key(m_rest.first(size));
    m_rest = m_rest.subspan(size);
    return key;
  }

 private:
  ByteView m_rest;
};

Bytes join(ByteView a, ByteView b) {
  Bytes joined(a.begin(), a.end());
  joined.insert(joined.end(), b.begin(), b.end());
  return joined;
}

// RFC 7296 section 2.14: HMAC takes the nonces whole as its key; with AES-CMAC the first 64 bits of each
// count.
Bytes seed_key(Prf algorithm, ByteView initiator_nonce, ByteView responder_nonce) {
  if (algorithm != Prf::aes128_cmac) {
    return join(initiator_nonce, responder_nonce);
  }
  constexpr std::size_t half_key = 8;
  return join(initiator_nonce.first(std::min(half_key, initiator_nonce.size())),
              responder_nonce.first(std::min(half_key, responder_nonce.size())));
}

// RFC 7296 section 2.14: the keys = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
IkeKeys expand(const IkeProposal& chosen, const Secret& seed, ByteView initiator_nonce,
               ByteView responder_nonce, std::uint64_t initiator_spi, std::uint64_t responder_spi) {
  const Prf algorithm = chosen.prf.front();
  std::array<std::uint8_t, 16> spis{};
  store_be64(spis, 0, initiator_spi);
  store_be64(spis, 8, responder_spi);
  const std::size_t prf_size = output_size(algorithm);
  const std::size_t encryption_size = key_material_size(chosen.encryption.front());
  const std::size_t integrity_size = chosen.integrity.empty() ? 0 : key_size(chosen.integrity.front());
  const Secret material = prf_plus(algorithm, seed.view(), {initiator_nonce, responder_nonce, spis},
                                   3 * prf_size + 2 * encryption_size + 2 * integrity_size);
  KeyCutter cutter(material.view());
  IkeKeys keys;
  keys.d = cutter.cut(prf_size);
  keys.ai = cutter.cut(integrity_size);
  keys.ar = cutter.cut(integrity_size);
  keys.ei = cutter.cut(encryption_size);
  keys.er = cutter.cut(encryption_size);
  keys.pi = cutter.cut(prf_size);
  keys.pr = cutter.cut(prf_size);
  return keys;
}

}  // namespace

IkeKeys derive_ike_keys(const IkeProposal& chosen, ByteView shared_secret, ByteView initiator_nonce,
                        ByteView responder_nonce, std::uint64_t initiator_spi, std::uint64_t responder_spi) {
  // RFC 7296 section 2.14: SKEYSEED = prf(Ni | Nr, g^ir).
  const Prf algorithm = chosen.prf.front();
  const Secret seed = prf(algorithm, seed_key(algorithm, initiator_nonce, responder_nonce), {shared_secret});
  return expand(chosen, seed, initiator_nonce, responder_nonce, initiator_spi, responder_spi);
}

IkeKeys derive_rekeyed_ike_keys(const IkeProposal& chosen, Prf old_prf, const Secret& old_sk_d,
                                ByteView shared_secret, ByteView initiator_nonce, ByteView responder_nonce,
                                std::uint64_t initiator_spi, std::uint64_t responder_spi) {
  // RFC 7296 section 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old IKE SA's PRF.
  const Secret seed = prf(old_prf, old_sk_d.view(), {shared_secret, initiator_nonce, responder_nonce});
  return expand(chosen, seed, initiator_nonce, responder_nonce, initiator_spi, responder_spi);
}

ChildKeys derive_child_keys(const EspProposal& chosen, Prf prf, const Secret& sk_d, ByteView initiator_nonce,
                            ByteView responder_nonce, ByteView shared_secret) {
  // RFC 7296 section 2.17: KEYMAT = prf+(SK_d, [g^ir (new)] | Ni | Nr). All keys from initiator to responder
  // come first; in each direction encryption comes before integrity.
  const std::size_t encryption_size =
      chosen.encryption.empty() ? 0 : key_material_size(chosen.encryption.front());
  const std::size_t integrity_size = chosen.integrity.empty() ? 0 : key_size(chosen.integrity.front());
  const Secret material = prf_plus(prf, sk_d.view(), {shared_secret, initiator_nonce, responder_nonce},
                                   2 * (encryption_size + integrity_size));
  KeyCutter cutter(material.view());
  ChildKeys keys;
  keys.initiator_encryption = cutter.cut(encryption_size);
  keys.initiator_integrity = cutter.cut(integrity_size);
  keys.responder_encryption = cutter.cut(encryption_size);
  keys.responder_integrity = cutter.cut(integrity_size);
  return keys;
}

Bytes signed_octets(Prf algorithm, ByteView own_first_message, ByteView peer_nonce, const Secret& sk_p,
                    ByteView id_body) {
  const Secret maced_id = prf(algorithm, sk_p.view(), {id_body});
  Bytes octets = join(own_first_message, peer_nonce);
  octets.insert(octets.end(), maced_id.view().begin(), maced_id.view().end());
  return octets;
}

Secret shared_key_auth(Prf algorithm, const Secret& psk, ByteView own_first_message, ByteView peer_nonce,
                       const Secret& sk_p, ByteView id_body) {
  static constexpr std::string_view pad = "Key Pad for IKEv2";
  static constexpr auto pad_bytes = [] {
    std::array<std::uint8_t, pad.size()> bytes{};
    std::ranges::transform(pad, bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    return bytes;
  }();
  const Secret key = prf(algorithm, psk.view(), {ByteView(pad_bytes)});
  const Secret maced_id = prf(algorithm, sk_p.view(), {id_body});
  return prf(algorithm, key.view(), {own_first_message, peer_nonce, maced_id.view()});
}

}  // namespace espgate::ike
