#include "offload/data_path.h"

namespace espgate::offload {

std::uint32_t tunnel_mtu(std::uint32_t outer_mtu, bool udp_encapsulation) {
  constexpr std::uint32_t outer_header = 20;
  constexpr std::uint32_t udp_header = 8;
  constexpr std::uint32_t esp_header_and_iv = 16;
  constexpr std::uint32_t trailer = 2;
  constexpr std::uint32_t alignment = 4;  // of payload, padding and trailer (RFC 4303 section 2.4)
  constexpr std::uint32_t icv = 16;
  const std::uint32_t fixed = outer_header + (udp_encapsulation ? udp_header : 0) + esp_header_and_iv + icv;
  if (outer_mtu < fixed + alignment) {
    return 0;
  }
  const std::uint32_t ciphertext = (outer_mtu - fixed) / alignment * alignment;
  return ciphertext - trailer;
}

}  // namespace espgate::offload
