// What a start that cannot succeed says, and to whom.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "dataplane/ike_sockets.h"
#include "dataplane/raw_esp_socket.h"
#include "dataplane/route_table.h"
#include "dataplane/tun_device.h"
#include "netns.h"

namespace espgate::host::dataplane {
namespace {

using testing::address;
using testing::in_namespace;
using testing::range;
using testing::run;
using testing::UdpPeer;

// The first line is `head`, and `advice` follows somewhere.
template <typename T>
void expect_error(const Expected<T>& result, std::string_view head, std::string_view advice) {
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with(head)) << result.error().message;
  EXPECT_NE(result.error().message.find(advice), std::string::npos) << result.error().message;
}

TEST(StartErrors, TunNamesAndMtusThatMakeNoSense) {
  asio::io_context io;
  for (const char* name : {"", "sixteen-bytes-xx", "a/b", "a b", "espgate%d", ".", "..", "a:b"}) {
    expect_error(TunDevice::open(io, name, 1400), "cannot open the TUN device",
                 "not a name for an interface");
  }
  for (const std::uint32_t mtu : {0U, 67U, 65536U}) {
    expect_error(TunDevice::open(io, "espgate0", mtu), "cannot open the TUN device 'espgate0': MTU",
                 "not within 68 and 65535");
  }
}

TEST(StartErrors, TunNameTaken) {
  in_namespace([] {
    asio::io_context io;
    const auto first = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(first) << first.error().message;
    expect_error(TunDevice::open(io, "espgate0", 1400), "cannot open the TUN device 'espgate0'",
                 "an interface of this name is there already");
    expect_error(TunDevice::open(io, "lo", 1400), "cannot open the TUN device 'lo'",
                 "an interface of this name is there already");
    // One that nobody has open could be attached to; it is somebody's all the same.
    run("ip tuntap add dev theirs mode tun");
    expect_error(TunDevice::open(io, "theirs", 1400), "cannot open the TUN device 'theirs'",
                 "ip link delete theirs");
  });
}

TEST(StartErrors, NoTunDevice) {
  in_namespace([] {
    // A mount namespace too, in which /dev/net is empty.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", "/dev/net", "tmpfs", 0, nullptr) != 0) {
      std::puts("note: no mount namespace here; not tried");
      return;
    }
    asio::io_context io;
    expect_error(TunDevice::open(io, "espgate0", 1400),
                 "cannot open the TUN device 'espgate0': /dev/net/tun: No such file or directory",
                 "modprobe tun");
  });
}

TEST(StartErrors, PortInUse) {
  in_namespace([] {
    asio::io_context io;
    const auto first = IkeSockets::open(io, 500, 4501);
    ASSERT_TRUE(first) << first.error().message;
    expect_error(IkeSockets::open(io), "cannot listen on UDP port 500: Address already in use",
                 "another IKE daemon has it");
    const UdpPeer other(address("192.0.2.1"), 4500);
    expect_error(IkeSockets::open(io, 1500, 4500), "cannot listen on UDP port 4500: Address already in use",
                 "ss -ulnp");
    EXPECT_TRUE(IkeSockets::open(io, 1500, 4502)) << "the first port was given back";
  });
}

TEST(StartErrors, WithoutRoot) {
  in_namespace([] {
    const auto table = RouteTable::open();
    ASSERT_TRUE(table);
    asio::io_context io;
    const auto tun = TunDevice::open(io, "espgate0", 1400);
    ASSERT_TRUE(tun);
    constexpr uid_t nobody = 65534;
    ASSERT_EQ(::setresuid(nobody, nobody, nobody), 0);
    expect_error(TunDevice::open(io, "espgate1", 1400), "cannot open the TUN device 'espgate1'",
                 "run as root");
    expect_error(RawEspSocket::open(io), "cannot open a raw socket for ESP: Operation not permitted",
                 "run as root or with CAP_NET_RAW");
    expect_error(IkeSockets::open(io), "cannot listen on UDP port 500: Permission denied",
                 "CAP_NET_BIND_SERVICE");
    const auto unprivileged = RouteTable::open();
    ASSERT_TRUE(unprivileged);
    expect_error((*unprivileged)->add(range("10.2.0.0/16"), "espgate0", address("192.0.2.2")),
                 "cannot route 10.2.0.0/16 into espgate0: Operation not permitted", "CAP_NET_ADMIN");
  });
}

}  // namespace
}  // namespace espgate::host::dataplane
