// Captures: pcap and pcapng in, pcap with bare IP packets out. libpcap reads the files; what is in the frames
// is ours.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

struct pcap;
struct pcap_dumper;

namespace espgate::host::replay {

// The IP packet in a frame of one of libpcap's link types (DLT_*): Ethernet with up to four VLAN tags, bare
// IP, Linux cooked v1 and v2. nullopt when it holds something else, or is cut short before the packet begins.
std::optional<ByteView> ip_packet(int link_type, ByteView frame);

struct Frame {
  std::uint64_t number = 0;  // from 1, as Wireshark shows it
  ByteView bytes;            // until the next one is read
  bool cut = false;          // the capture does not hold all of it
  timeval time{};            // tv_usec in nanoseconds
};

class CaptureReader {
 public:
  // Fails when the file is no capture, or of a link type that ip_packet() does not know.
  static Expected<CaptureReader> open(const std::string& path);

  // nullopt at the end. Fails where the file breaks off within a frame.
  Expected<std::optional<Frame>> next();
  int link_type() const { return m_link_type; }

 private:
  struct Close {
    void operator()(pcap* file) const;
  };
  CaptureReader(std::unique_ptr<pcap, Close> file, std::string path, int link_type);

  std::unique_ptr<pcap, Close> m_file;
  std::string m_path;
  int m_link_type;
  std::uint64_t m_number = 0;
};

// Replaces the file. Its packets begin with the IP header; times are in nanoseconds.
class CaptureWriter {
 public:
  static Expected<CaptureWriter> create(const std::string& path);

  void write(const timeval& time, ByteView packet);
  // Fails when not everything reached the file.
  Expected<> finish();

 private:
  struct Close {
    void operator()(pcap* file) const;
    void operator()(pcap_dumper* file) const;
  };
  CaptureWriter(std::unique_ptr<pcap, Close> format, std::unique_ptr<pcap_dumper, Close> file,
                std::string path);

  std::unique_ptr<pcap, Close> m_format;
  std::unique_ptr<pcap_dumper, Close> m_file;
  std::string m_path;
};

}  // namespace espgate::host::replay
