#include "daemon/esp_demux.h"

#include <algorithm>
#include <optional>

#include "base/reader.h"

namespace espgate::host::daemon {
namespace {

constexpr std::size_t udp_header_bytes = 8;
constexpr std::size_t protocol_offset = 9;
constexpr std::uint8_t protocol_esp = 50;

// Bytes of the IPv4 header; nullopt when it is none.
std::optional<std::size_t> header_bytes(ByteView packet) {
  constexpr std::size_t shortest = 20;
  if (packet.size() < shortest || packet[0] >> 4 != 4) {
    return std::nullopt;
  }
  const std::size_t bytes = std::size_t{4} * (packet[0] & 0x0fU);
  return bytes < shortest || bytes > packet.size() ? std::nullopt : std::optional(bytes);
}

// The SPI that stands at the offset; 0, which none is, when there is none.
std::uint32_t spi_at(ByteView packet, std::size_t offset) {
  if (offset > packet.size()) {
    return 0;
  }
  Reader reader(packet.subspan(offset));
  const std::uint32_t spi = reader.u32();
  return reader.ok() ? spi : 0;
}

}  // namespace

void EspDemux::esp(ByteView packet) {
  const auto header = header_bytes(packet);
  if (m_kernel == nullptr || !header || !m_kernel->receives(spi_at(packet, *header))) {
    m_to_engine(packet);
  }
}

void EspDemux::esp_in_udp(ByteView packet) {
  const auto header = header_bytes(packet);
  if (m_kernel == nullptr || !header || !m_kernel->receives(spi_at(packet, *header + udp_header_bytes))) {
    m_to_engine(packet);
    return;
  }
  // Length and checksum of the IP header are the sending socket's to put right.
  m_buffer.assign(packet.begin(), packet.end());
  const auto udp = m_buffer.begin() + static_cast<std::ptrdiff_t>(*header);
  m_buffer.erase(udp, udp + static_cast<std::ptrdiff_t>(udp_header_bytes));
  m_buffer[protocol_offset] = protocol_esp;
  ++m_handed_to_kernel;
  m_to_kernel(m_buffer);
}

}  // namespace espgate::host::daemon
