// Whose ESP packet it is: the engine's or the kernel's. The raw socket shows every ESP packet, of which the
// kernel has its own copy too; what comes in UDP comes here alone, and what is the kernel's goes back to it
// as plain ESP.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "offload/kernel_path.h"

namespace espgate::host::daemon {

class EspDemux {
 public:
  using Hand = std::function<void(ByteView packet)>;

  // `kernel` may be nullptr, and must outlive the demux.
  EspDemux(const offload::KernelPath* kernel, Hand to_engine, Hand to_kernel)
      : m_kernel(kernel), m_to_engine(std::move(to_engine)), m_to_kernel(std::move(to_kernel)) {}

  // Whole IPv4 packets: ESP, and ESP in UDP.
  void esp(ByteView packet);
  void esp_in_udp(ByteView packet);

  std::uint64_t to_kernel() const { return m_handed_to_kernel; }

 private:
  const offload::KernelPath* m_kernel;
  Hand m_to_engine;
  Hand m_to_kernel;
  std::uint64_t m_handed_to_kernel = 0;
  Bytes m_buffer;
};

}  // namespace espgate::host::daemon
