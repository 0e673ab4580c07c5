#include "dataplane/tun_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string_view>
#include <tuple>
#include <utility>

#include "dataplane/counter_set.h"
#include "dataplane/errno_text.h"
#include "dataplane/netlink.h"
#include "dataplane/read_loop.h"

namespace espgate::host::dataplane {

namespace {

enum class Reason : std::uint8_t { not_ipv4, read_failed, write_failed };
constexpr std::array<std::string_view, 3> reason_names = {"tun_not_ipv4", "tun_read_failed",
                                                          "tun_write_failed"};

constexpr const char* tun_path = "/dev/net/tun";
constexpr std::size_t longest_packet = 65535;
// What every IPv4 host must take (RFC 791 section 3.2), and the most that a header can say.
constexpr std::uint32_t least_mtu = 68;
constexpr std::uint32_t greatest_mtu = 65535;

std::unexpected<Error> refuse(const std::string& name, const std::string& reason) {
  return fail(fmt::format("cannot open the TUN device '{}': {}", name, reason));
}

bool is_interface_name(const std::string& name) {
  // '%' would have the kernel make up a name.
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         std::ranges::none_of(
             name,
             [](char c) {
               return c == '/' || c == ':' || c == '%' || std::isspace(static_cast<unsigned char>(c)) != 0;
             });
}

Expected<UniqueFd> open_tun(const std::string& name) {
  UniqueFd fd(::open(tun_path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ENOENT || error == ENODEV || error == ENXIO) {
      return refuse(name, fmt::format("{}: {}; load the module with 'modprobe tun', or hand the device into "
                                      "the container (--device {})",
                                      tun_path, errno_text(error), tun_path));
    }
    if (error == EACCES || error == EPERM) {
      return refuse(name, fmt::format("{}: {}; run as root, or with CAP_NET_ADMIN and access to the device",
                                      tun_path, errno_text(error)));
    }
    return refuse(name, fmt::format("{}: {}", tun_path, errno_text(error)));
  }
  ifreq request{};
  // EXCL: an interface of this name is somebody else's, even when one could attach to it.
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
  std::ranges::copy(name, std::begin(request.ifr_name));
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    const int error = errno;
    if (error == EPERM) {
      return refuse(name, "not permitted; run as root or with CAP_NET_ADMIN");
    }
    if (error == EBUSY || error == EEXIST || error == EINVAL) {
      return refuse(name,
                    fmt::format("an interface of this name is there already ({}); stop the other espgated, "
                                "remove it with 'ip link delete {}', or choose another name with --tun",
                                errno_text(error), name));
    }
    return refuse(name, errno_text(error));
  }
  return fd;
}

}  // namespace

struct TunDevice::State {
  ReadResult read_one() {
    const ssize_t length = ::read(loop.fd(), buffer.data(), buffer.size());
    if (length < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        return ReadResult::empty;
      }
      counters.count(Reason::read_failed);
      return ReadResult::failed;
    }
    const ByteView packet = ByteView(buffer).first(static_cast<std::size_t>(length));
    if (packet.empty() || (packet[0] >> 4) != 4) {
      counters.count(Reason::not_ipv4);
    } else {
      on_packet(packet);
    }
    return ReadResult::packet;
  }

  std::string name;
  ReadLoop loop;
  std::function<void(ByteView)> on_packet;
  CounterSet<Reason, reason_names.size()> counters{reason_names};
  Bytes buffer = Bytes(longest_packet);
};

TunDevice::TunDevice(std::unique_ptr<State> state) : m_state(std::move(state)) {}
TunDevice::~TunDevice() = default;

Expected<std::unique_ptr<TunDevice>> TunDevice::open(asio::io_context& io, const std::string& name,
                                                     std::uint32_t mtu) {
  if (!is_interface_name(name)) {
    return refuse(name,
                  fmt::format("not a name for an interface; use 1 to {} letters and digits", IFNAMSIZ - 1));
  }
  if (mtu < least_mtu || mtu > greatest_mtu) {
    return refuse(name, fmt::format("MTU {} is not within {} and {}", mtu, least_mtu, greatest_mtu));
  }
  auto fd = open_tun(name);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  const unsigned index = ::if_nametoindex(name.c_str());
  auto netlink = Netlink::open();
  if (!netlink) {
    return std::unexpected(netlink.error());
  }
  // Router solicitations would only count as drops. A kernel without IPv6 refuses, and sends none either.
  std::ignore = netlink->disable_ipv6_addresses(index);
  // What comes out of the device was decrypted and checked by the engine; the kernel's policies would take it
  // for cleartext from outside.
  if (const auto exempt = netlink->exempt_from_policies(index); !exempt) {
    return refuse(name, fmt::format("cannot exempt it from the kernel's IPsec policies (disable_policy): {}",
                                    errno_text(exempt.error())));
  }
  if (const auto up = netlink->bring_up(index, mtu); !up) {
    return refuse(name, fmt::format("cannot set MTU {} and bring it up: {}", mtu, errno_text(up.error())));
  }
  auto loop = ReadLoop::open(io, *std::move(fd));
  if (!loop) {
    return std::unexpected(loop.error());
  }
  return std::unique_ptr<TunDevice>(
      new TunDevice(std::make_unique<State>(State{.name = name, .loop = *std::move(loop), .on_packet = {}})));
}

void TunDevice::start(std::function<void(ByteView packet)> on_packet) {
  m_state->on_packet = std::move(on_packet);
  m_state->loop.start([state = m_state.get()] { return state->read_one(); });
}

void TunDevice::send(ByteView packet) {
  const ssize_t written = ::write(m_state->loop.fd(), packet.data(), packet.size());
  if (written < 0 || static_cast<std::size_t>(written) != packet.size()) {
    m_state->counters.count(Reason::write_failed);
  }
}

const std::string& TunDevice::name() const {
  return m_state->name;
}

std::vector<NamedCounter> TunDevice::counters() const {
  return m_state->counters.list();
}

}  // namespace espgate::host::dataplane
