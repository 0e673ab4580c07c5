#include "replay/capture.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/reader.h"

namespace espgate::host::replay {
namespace {

constexpr std::uint16_t ether_ipv4 = 0x0800;
constexpr std::uint16_t ether_ipv6 = 0x86dd;
constexpr std::uint16_t ether_vlan = 0x8100;
constexpr std::uint16_t ether_service_vlan = 0x88a8;
constexpr int most_tags = 4;
constexpr int longest_frame = 262144;  // libpcap's own limit

std::optional<ByteView> rest_of(Reader& reader, std::uint16_t type) {
  const ByteView packet = reader.take_rest();
  if (!reader.ok() || packet.empty() || (type != ether_ipv4 && type != ether_ipv6)) {
    return std::nullopt;
  }
  return packet;
}

std::optional<ByteView> behind_ethernet(Reader reader) {
  constexpr std::size_t addresses = 12;
  reader.skip(addresses);
  std::uint16_t type = reader.u16();
  for (int tags = 0; tags < most_tags && (type == ether_vlan || type == ether_service_vlan); ++tags) {
    reader.skip(2);
    type = reader.u16();
  }
  return rest_of(reader, type);
}

std::optional<ByteView> behind_cooked_v1(Reader reader) {
  constexpr std::size_t before_protocol = 14;
  reader.skip(before_protocol);
  const std::uint16_t type = reader.u16();
  return rest_of(reader, type);
}

std::optional<ByteView> behind_cooked_v2(Reader reader) {
  constexpr std::size_t after_protocol = 18;
  const std::uint16_t type = reader.u16();
  reader.skip(after_protocol);
  return rest_of(reader, type);
}

bool is_known(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<ByteView> ip_packet(int link_type, ByteView frame) {
  switch (link_type) {
    case DLT_EN10MB:
      return behind_ethernet(Reader(frame));
    case DLT_LINUX_SLL:
      return behind_cooked_v1(Reader(frame));
    case DLT_LINUX_SLL2:
      return behind_cooked_v2(Reader(frame));
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return frame.empty() ? std::nullopt : std::optional(frame);
    default:
      return std::nullopt;
  }
}

void CaptureReader::Close::operator()(pcap* file) const {
  pcap_close(file);
}

CaptureReader::CaptureReader(std::unique_ptr<pcap, Close> file, std::string path, int link_type)
    : m_file(std::move(file)), m_path(std::move(path)), m_link_type(link_type) {}

Expected<CaptureReader> CaptureReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  std::unique_ptr<pcap, Close> file(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data()));
  if (!file) {
    return fail(fmt::format("{}: cannot be read as pcap or pcapng: {}", path, why.data()));
  }
  const int link_type = pcap_datalink(file.get());
  if (!is_known(link_type)) {
    const char* name = pcap_datalink_val_to_name(link_type);
    return fail(
        fmt::format("{}: frames of link type {} are not known here; Ethernet, bare IP and Linux cooked are "
                    "(editcap and tcpdump can make such a file)",
                    path, name != nullptr ? name : std::to_string(link_type)));
  }
  return CaptureReader(std::move(file), path, link_type);
}

Expected<std::optional<Frame>> CaptureReader::next() {
  pcap_pkthdr* header = nullptr;
  const std::uint8_t* bytes = nullptr;
  const int got = pcap_next_ex(m_file.get(), &header, &bytes);
  if (got == PCAP_ERROR_BREAK) {
    return std::nullopt;
  }
  if (got != 1) {
    return fail(fmt::format("{}: after frame {}: {}", m_path, m_number, pcap_geterr(m_file.get())));
  }
  return Frame{.number = ++m_number,
               .bytes = ByteView(bytes, header->caplen),
               .cut = header->caplen < header->len,
               .time = header->ts};
}

void CaptureWriter::Close::operator()(pcap* file) const {
  pcap_close(file);
}
void CaptureWriter::Close::operator()(pcap_dumper* file) const {
  pcap_dump_close(file);
}

CaptureWriter::CaptureWriter(std::unique_ptr<pcap, Close> format, std::unique_ptr<pcap_dumper, Close> file,
                             std::string path)
    : m_format(std::move(format)), m_file(std::move(file)), m_path(std::move(path)) {}

Expected<CaptureWriter> CaptureWriter::create(const std::string& path) {
  std::unique_ptr<pcap, Close> format(
      pcap_open_dead_with_tstamp_precision(DLT_RAW, longest_frame, PCAP_TSTAMP_PRECISION_NANO));
  if (!format) {
    return fail(fmt::format("{}: libpcap has no memory", path));
  }
  std::unique_ptr<pcap_dumper, Close> file(pcap_dump_open(format.get(), path.c_str()));
  if (!file) {
    return fail(fmt::format("cannot write: {}", pcap_geterr(format.get())));
  }
  return CaptureWriter(std::move(format), std::move(file), path);
}

void CaptureWriter::write(const timeval& time, ByteView packet) {
  const auto length = static_cast<bpf_u_int32>(packet.size());
  const pcap_pkthdr header{.ts = time, .caplen = length, .len = length};
  pcap_dump(reinterpret_cast<u_char*>(m_file.get()), &header, packet.data());
}

Expected<> CaptureWriter::finish() {
  if (pcap_dump_flush(m_file.get()) != 0 || std::ferror(pcap_dump_file(m_file.get())) != 0) {
    return fail(fmt::format("cannot write {}: {}", m_path, std::strerror(errno)));
  }
  return {};
}

}  // namespace espgate::host::replay
