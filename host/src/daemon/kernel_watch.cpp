#include "daemon/kernel_watch.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace espgate::host::daemon {

Expected<std::unique_ptr<KernelWatch>> KernelWatch::open(asio::io_context& io, offload::KernelPath& kernel) {
  // The loop closes what it watches, and the original is the kernel path's.
  const int fd = ::fcntl(kernel.event_descriptor(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    return fail(std::string("cannot watch the kernel's XFRM events: ") + std::strerror(errno));
  }
  asio::posix::stream_descriptor events(io);
  asio::error_code error;
  events.assign(fd, error);
  if (error) {
    return fail("cannot watch the kernel's XFRM events: " + error.message());
  }
  return std::unique_ptr<KernelWatch>(new KernelWatch(std::move(events), kernel));
}

void KernelWatch::start(OnExpired on_expired, OnWanted on_wanted) {
  m_on_expired = std::move(on_expired);
  m_on_wanted = std::move(on_wanted);
  wait();
}

void KernelWatch::wait() {
  m_events.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) {
      take();
      wait();
    }
  });
}

void KernelWatch::take() {
  const std::uint64_t restored = m_kernel.policies_restored();
  const auto notices = m_kernel.poll();
  if (m_kernel.policies_restored() != restored) {
    spdlog::warn("somebody removed {} of our policies from the kernel; they are back",
                 m_kernel.policies_restored() - restored);
  }
  if (!notices) {
    spdlog::error("{}", notices.error().message);
    return;
  }
  for (const offload::KernelNotice& notice : *notices) {
    if (const auto* expired = std::get_if<offload::KernelSaExpired>(&notice)) {
      m_on_expired(expired->id, expired->hard);
    } else if (const auto* wanted = std::get_if<offload::KernelSaWanted>(&notice)) {
      m_on_wanted(wanted->name);
    }
  }
}

}  // namespace espgate::host::daemon
