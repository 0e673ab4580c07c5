// Datagrams between the two hosts, and what both kernels need to carry them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net_lab.h"
#include "offload/xfrm/xfrm.h"
#include "samples.h"

namespace espgate::vm {

namespace xfrm = offload::xfrm;
using xfrm::testing::TwoHosts;

// One pair of SAs between the hosts and the policies that lead to it. Traffic is UDP, so that neighbour
// discovery keeps out of the way.
struct TunnelSpec {
  xfrm::Suite suite = xfrm::testing::gcm_128;
  driver::Mode mode = driver::Mode::tunnel;
  bool outer_v6 = false;
  bool inner_v6 = false;
  bool esn = false;
  std::uint32_t window = 64;
  bool encapsulated = false;
  xfrm::Lifetime lifetime;
  std::uint32_t if_id = 0;
  std::uint64_t sequence = 0;  // both directions start after it
  std::uint32_t tfc_bytes = 0;
};

inline constexpr std::uint32_t spi_to_b = 0xc0000b0b;
inline constexpr std::uint32_t spi_to_a = 0xc0000a0a;

IpAddress outer(const TunnelSpec& spec, char host);
// The end of the traffic: on lo in tunnel mode, on the wire in transport mode.
IpAddress inner(const TunnelSpec& spec, char host);

// As host 'a' or 'b' sees them.
std::vector<xfrm::State> states_of(const TunnelSpec& spec, char host);
std::vector<xfrm::Policy> policies_of(const TunnelSpec& spec, char host, std::uint8_t protocol = 17);

// Xfrm in each host.
struct Kernels {
  explicit Kernels(const TwoHosts& hosts);
  std::unique_ptr<xfrm::Xfrm> a;
  std::unique_ptr<xfrm::Xfrm> b;
};

// States and policies on both hosts.
Expected<> connect(const Kernels& kernels, const TunnelSpec& spec);

// A UDP socket in a host, closed at the end. `encapsulation`: the kernel takes ESP out of what arrives there.
class Socket {
 public:
  Socket(const xfrm::testing::Namespace& host, const IpAddress& local, std::uint16_t port,
         bool encapsulation = false);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  // False when the kernel refused.
  bool send(std::string_view text, const IpAddress& to, std::uint16_t port) const;
  // The next datagram; "" when none came within `milliseconds`.
  std::string receive(int milliseconds) const;

 private:
  int m_fd;
};

// Sends `count` datagrams of growing sizes from a to b, each answered. How many came back as they went out.
int exchange(const TwoHosts& hosts, const TunnelSpec& spec, int count = 4, int milliseconds = 2000);

// Names and values other than 0 of a host's xfrm_stat.
std::string errors_of(const xfrm::testing::Namespace& host);

}  // namespace espgate::vm
