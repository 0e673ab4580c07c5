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

// RFC 7296 section 2.14: the keys = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
IkeKeys expand(const IkeProposal& chosen, const Secret& seed, ByteView nonces, std::uint64_t initiator_spi,
               std::uint64_t responder_spi) {
  const Prf algorithm = chosen.prf.front();
  std::array<std::uint8_t, 16> spis{};
  store_be64(spis, 0, initiator_spi);
  store_be64(spis, 8, responder_spi);
  const std::size_t prf_size = output_size(algorithm);
  const std::size_t encryption_size = key_material_size(chosen.encryption.front());
  const std::size_t integrity_size = chosen.integrity.empty() ? 0 : key_size(chosen.integrity.front());
  const Secret material = prf_plus(algorithm, seed.view(), {nonces, spis},
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

Bytes join(ByteView first, ByteView second) {
  Bytes joined(first.begin(), first.end());
  joined.insert(joined.end(), second.begin(), second.end());
  return joined;
}

}  // namespace

IkeKeys derive_ike_keys(const IkeProposal& chosen, ByteView shared_secret, ByteView initiator_nonce,
                        ByteView responder_nonce, std::uint64_t initiator_spi, std::uint64_t responder_spi) {
  // RFC 7296 section 2.14: SKEYSEED = prf(Ni | Nr, g^ir).
  // Our PRFs are HMACs, which take a key of any length, so the nonces are used whole.
  const Bytes nonces = join(initiator_nonce, responder_nonce);
  const Secret seed = prf(chosen.prf.front(), nonces, {shared_secret});
  return expand(chosen, seed, nonces, initiator_spi, responder_spi);
}

IkeKeys derive_rekeyed_ike_keys(const IkeProposal& chosen, Prf old_prf, const Secret& old_sk_d,
                                ByteView shared_secret, ByteView initiator_nonce, ByteView responder_nonce,
                                std::uint64_t initiator_spi, std::uint64_t responder_spi) {
  // RFC 7296 section 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old IKE SA's PRF.
  const Bytes nonces = join(initiator_nonce, responder_nonce);
  const Secret seed = prf(old_prf, old_sk_d.view(), {shared_secret, nonces});
  return expand(chosen, seed, nonces, initiator_spi, responder_spi);
}

ChildKeys derive_child_keys(const EspProposal& chosen, Prf prf, const Secret& sk_d, ByteView initiator_nonce,
                            ByteView responder_nonce, ByteView shared_secret) {
  // RFC 7296 section 2.17: KEYMAT = prf+(SK_d, [g^ir (new)] | Ni | Nr). All keys from initiator to responder
  // come first; in each direction encryption comes before integrity.
  const std::size_t encryption_size = key_material_size(chosen.encryption.front());
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
