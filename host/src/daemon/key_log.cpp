#include "daemon/key_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace espgate::host::daemon {
namespace {

// A line of text that holds a key.
class SecretLine {
 public:
  explicit SecretLine(std::size_t capacity) : m_bytes(capacity) {}

  void text(std::string_view text) {
    for (const char c : text) {
      put(c);
    }
  }
  void hex(ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      put(digits[byte >> 4U]);
      put(digits[byte & 15U]);
    }
  }
  Secret finish() const { return Secret(m_bytes.view().first(m_used)); }

 private:
  void put(char c) {
    if (m_used < m_bytes.size()) {
      m_bytes.span()[m_used++] = static_cast<std::uint8_t>(c);
    }
  }

  Secret m_bytes;
  std::size_t m_used = 0;
};

constexpr std::size_t line_capacity = 512;

// "Protocol","Src IP","Dest IP","SPI","Encryption","Encryption key","Authentication","Authentication key", as
// Wireshark 4.0 reads them. It wants key and salt in one, and does not need to know about ESN to decrypt.
Secret to_line(const IpAddress& source, const IpAddress& destination, std::uint32_t spi,
               const driver::AesGcmKey& key) {
  SecretLine line(line_capacity);
  line.text(fmt::format("\"IPv4\",\"{}\",\"{}\",\"0x{:08x}\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x",
                        source.to_string(), destination.to_string(), spi));
  line.hex(key.key.view());
  line.hex(key.salt.view());
  line.text("\",\"NULL\",\"\"\n");
  return line.finish();
}

}  // namespace

Expected<std::unique_ptr<KeyLog>> KeyLog::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(
        errno == EEXIST
            ? fmt::format("the key log '{}' is there already: remove it, or choose another file", path)
            : fmt::format("cannot make the key log '{}': {}", path, std::strerror(errno)));
  }
  spdlog::warn(
      "KEY LOG IS ON: the keys of all ESP SAs go to '{}'. For tests only: whoever reads that file reads "
      "the traffic",
      path);
  return std::unique_ptr<KeyLog>(new KeyLog(fd, path));
}

KeyLog::~KeyLog() {
  ::close(m_fd);
}

void KeyLog::add(const offload::ChildSaSpec& sa) {
  spdlog::warn("KEY LOG IS ON: writing the keys of Child SA {} #{} to '{}'", sa.name, sa.id, m_path);
  const bool written = write(to_line(sa.remote_address, sa.local_address, sa.inbound_spi, sa.inbound_key)) &&
                       write(to_line(sa.local_address, sa.remote_address, sa.outbound_spi, sa.outbound_key));
  if (!written) {
    spdlog::error("cannot write the key log '{}': {}", m_path, std::strerror(errno));
  }
}

bool KeyLog::write(const Secret& line) const {
  return ::write(m_fd, line.view().data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace espgate::host::daemon
