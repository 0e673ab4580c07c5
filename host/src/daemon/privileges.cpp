#include "daemon/privileges.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace espgate::host::daemon {

Expected<> check_privileges() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  // glibc has no wrapper, and libcap would be a dependency for one call.
  if (::syscall(SYS_capget, &header, data.data()) != 0) {
    return fail(std::string("cannot read the capabilities of this process: ") + std::strerror(errno));
  }
  constexpr std::uint32_t needed = (1U << CAP_NET_ADMIN) | (1U << CAP_NET_RAW);
  if ((data[0].effective & needed) != needed) {
    return fail("espgated needs CAP_NET_ADMIN and CAP_NET_RAW, run as root");
  }
  return {};
}

}  // namespace espgate::host::daemon
