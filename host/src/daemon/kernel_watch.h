// Reads what the kernel tells of its SAs and policies, and hands it on.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "base/error.h"
#include "offload/kernel_path.h"

namespace espgate::host::daemon {

class KernelWatch {
 public:
  using OnExpired = std::function<void(std::uint32_t id, bool hard)>;
  using OnWanted = std::function<void(const std::string& entry)>;

  // `kernel` must outlive the watch.
  static Expected<std::unique_ptr<KernelWatch>> open(asio::io_context& io, offload::KernelPath& kernel);

  void start(OnExpired on_expired, OnWanted on_wanted);

 private:
  KernelWatch(asio::posix::stream_descriptor events, offload::KernelPath& kernel)
      : m_events(std::move(events)), m_kernel(kernel) {}
  void wait();
  void take();

  asio::posix::stream_descriptor m_events;
  offload::KernelPath& m_kernel;
  OnExpired m_on_expired;
  OnWanted m_on_wanted;
};

}  // namespace espgate::host::daemon
