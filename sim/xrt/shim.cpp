// A driver library for XRT 2.13 whose card is the Verilated esp_lookaside: named libxrt_core.so.2 and found
// through XILINX_XRT, the genuine libxrt_coreutil loads it, and what runs above XRT does not know.
//
// XRT's own classes around these functions (system, device) come from members of Debian's libxrt_hwemu.a,
// which forward to the C functions here. Two symbols of libxrt_coreutil that have no public header are
// declared below.
//
// The card has two banks: 0 is memory on the card, of which a buffer has a copy for the host, and 1 the
// host's own. Its clock runs while its registers are accessed: each access takes cycles_per_access.
#define XCL_DRIVER_DLL_EXPORT
#include <xclbin.h>
#include <xrt.h>
#include <xrt/xrt_uuid.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "sim/esp_lookaside.h"

namespace xrt_core {
class device {
 public:
  void register_axlf(const axlf* top);
};
std::shared_ptr<device> get_userpf_device(void* handle);
std::shared_ptr<device> get_userpf_device(void* handle, unsigned int id);
namespace query {
enum class key_type;
}
}  // namespace xrt_core

namespace {

using espgate::Bytes;
using espgate::ByteSpan;
using espgate::sim::EspLookaside;
using espgate::sim::Memory;

constexpr std::uint32_t cycles_per_access = 16;
constexpr std::uint32_t memory_latency = 32;  // cycles
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t bank_bytes = std::size_t{32} << 20U;  // as hw/xrt/make_xclbin.py says
constexpr unsigned host_bank = 1;
constexpr std::uint32_t register_bytes = 0x10000;

struct Buffer {
  std::uint64_t address = 0;
  std::size_t bytes = 0;
  unsigned flags = 0;
  std::uint8_t* copy = nullptr;  // the host's, of memory on the card; null where both are one
  Bytes owned;                   // that copy, unless XRT has it
};

class Device {
 public:
  explicit Device(unsigned index) : m_core(xrt_core::get_userpf_device(this, index)) {}

  int load(const axlf* top) {
    const std::scoped_lock lock(m_mutex);
    if (!m_contexts.empty()) {
      return -EBUSY;
    }
    if (m_card) {
      m_card->reset();
    } else {
      auto card = EspLookaside::create({.trace_path = {}, .memory_bytes = 2 * bank_bytes});
      if (!card) {
        return -EIO;
      }
      m_card = std::move(*card);
      m_card->memory().timing.latency = memory_latency;
    }
    xrt_core::get_userpf_device(this)->register_axlf(top);
    return 0;
  }

  int open_context(unsigned ip, bool shared) {
    const std::scoped_lock lock(m_mutex);
    if (ip == static_cast<unsigned>(-1)) {
      return 0;  // the virtual context, which is not of any kernel
    }
    if (!m_card) {
      return -ENODEV;
    }
    return shared || m_contexts.insert(ip).second ? 0 : -EBUSY;
  }
  void close_context(unsigned ip) {
    const std::scoped_lock lock(m_mutex);
    m_contexts.erase(ip);
  }

  int write_register(unsigned ip, std::uint32_t offset, std::uint32_t value) {
    const std::scoped_lock lock(m_mutex);
    if (const int refused = check_access(ip, offset); refused != 0) {
      return refused;
    }
    m_card->write(offset, value);
    m_card->clock(cycles_per_access);
    return 0;
  }
  int read_register(unsigned ip, std::uint32_t offset, std::uint32_t& value) {
    const std::scoped_lock lock(m_mutex);
    if (const int refused = check_access(ip, offset); refused != 0) {
      return refused;
    }
    value = m_card->read(offset);
    m_card->clock(cycles_per_access);
    return 0;
  }

  // `memory`: the host's copy, where XRT has made one.
  xclBufferHandle allocate(std::uint8_t* memory, std::size_t bytes, unsigned flags) {
    const std::scoped_lock lock(m_mutex);
    const unsigned bank = flags & XRT_BO_FLAGS_MEMIDX_MASK;
    const bool host_only = (flags & XCL_BO_FLAGS_HOST_ONLY) != 0;
    if (!m_card || bytes == 0 || bytes > bank_bytes || bank > host_bank || host_only != (bank == host_bank)) {
      return XRT_NULL_BO;
    }
    const std::size_t pages = (bytes + page_bytes - 1) / page_bytes * page_bytes;
    const std::uint64_t end = Memory::base + (bank + 1) * bank_bytes;
    // The first gap in the bank that is large enough.
    std::uint64_t at = end - bank_bytes;
    for (const auto& [address, used] : m_places) {
      if (address >= end || address < at) {
        continue;
      }
      if (address - at >= pages) {
        break;
      }
      at = address + used;
    }
    if (end - at < pages) {
      return XRT_NULL_BO;
    }
    m_places.emplace(at, pages);
    Buffer& buffer = m_buffers[++m_last];
    buffer = {.address = at, .bytes = bytes, .flags = flags, .copy = memory, .owned = {}};
    if (!host_only && memory == nullptr) {
      buffer.owned.resize(bytes);
      buffer.copy = buffer.owned.data();
    }
    return m_last;
  }
  void release(xclBufferHandle handle) {
    const std::scoped_lock lock(m_mutex);
    if (const auto found = m_buffers.find(handle); found != m_buffers.end()) {
      m_places.erase(found->second.address);
      m_buffers.erase(found);
    }
  }
  Buffer* find(xclBufferHandle handle) {
    const std::scoped_lock lock(m_mutex);
    const auto found = m_buffers.find(handle);
    return found == m_buffers.end() ? nullptr : &found->second;
  }
  ByteSpan of_card(const Buffer& buffer) { return m_card->memory().at(buffer.address, buffer.bytes); }
  void* map(xclBufferHandle handle) {
    Buffer* buffer = find(handle);
    if (buffer == nullptr) {
      return nullptr;
    }
    return buffer->copy == nullptr ? of_card(*buffer).data() : buffer->copy;
  }
  int sync(xclBufferHandle handle, bool to_card, std::size_t at, std::size_t count) {
    const std::scoped_lock lock(m_mutex);
    const auto found = m_buffers.find(handle);
    if (found == m_buffers.end() || at > found->second.bytes || count > found->second.bytes - at) {
      return -EINVAL;
    }
    Buffer& buffer = found->second;
    if (buffer.copy != nullptr) {
      const ByteSpan card = of_card(buffer).subspan(at, count);
      const ByteSpan host = ByteSpan(buffer.copy, buffer.bytes).subspan(at, count);
      std::memcpy(to_card ? card.data() : host.data(), to_card ? host.data() : card.data(), count);
    }
    return 0;
  }

 private:
  int check_access(unsigned ip, std::uint32_t offset) const {
    if (!m_contexts.contains(ip)) {
      return -EPERM;
    }
    return offset % 4 != 0 || offset >= register_bytes ? -EINVAL : 0;
  }

  std::mutex m_mutex;
  std::shared_ptr<xrt_core::device> m_core;
  std::unique_ptr<EspLookaside> m_card;
  std::set<unsigned> m_contexts;
  std::map<xclBufferHandle, Buffer> m_buffers;
  std::map<std::uint64_t, std::size_t> m_places;  // address and whole pages of each buffer
  xclBufferHandle m_last = 0;
};

Device& device(xclDeviceHandle handle) {
  return *static_cast<Device*>(handle);
}

}  // namespace

// What the members of libxrt_hwemu.a ask of an emulator, and this card does not have.
int xclUpdateSchedulerStat(xclDeviceHandle /*handle*/) {
  return 0;
}
int xclInternalResetDevice(xclDeviceHandle /*handle*/, xclResetKind /*kind*/) {
  return -ENOSYS;
}
int xclCmaEnable(xclDeviceHandle /*handle*/, bool /*enable*/, uint64_t /*bytes*/) {
  return 0;
}
int xclCloseExportHandle(xclBufferExportHandle /*handle*/) {
  return 0;
}
namespace xclhwemhal2 {
struct HwEmShim {
  static HwEmShim* handleCheck(void* handle);
  unsigned int deviceQuery(xrt_core::query::key_type key);
};
HwEmShim* HwEmShim::handleCheck(void* /*handle*/) {
  return nullptr;
}
unsigned int HwEmShim::deviceQuery(xrt_core::query::key_type /*key*/) {
  return 0;
}
}  // namespace xclhwemhal2

unsigned int xclProbe() {
  return 1;
}
xclDeviceHandle xclOpen(unsigned int index, const char* /*log*/, xclVerbosityLevel /*level*/) {
  return index == 0 ? new Device(index) : nullptr;
}
void xclClose(xclDeviceHandle handle) {
  delete static_cast<Device*>(handle);
}
int xclLoadXclBin(xclDeviceHandle handle, const axlf* top) {
  try {
    return device(handle).load(top);
  } catch (const std::exception&) {
    return -EINVAL;  // XRT found the image wrong
  }
}
int xclOpenContext(xclDeviceHandle handle, const xuid_t /*image*/, unsigned int ip, bool shared) {
  return device(handle).open_context(ip, shared);
}
int xclCloseContext(xclDeviceHandle handle, const xuid_t /*image*/, unsigned int ip) {
  device(handle).close_context(ip);
  return 0;
}
extern "C" int xclRegWrite(xclDeviceHandle handle, uint32_t ip, uint32_t offset, uint32_t value) {
  return device(handle).write_register(ip, offset, value);
}
extern "C" int xclRegRead(xclDeviceHandle handle, uint32_t ip, uint32_t offset, uint32_t* value) {
  return device(handle).read_register(ip, offset, *value);
}
xclBufferHandle xclAllocBO(xclDeviceHandle handle, size_t bytes, int /*unused*/, unsigned int flags) {
  return device(handle).allocate(nullptr, bytes, flags);
}
xclBufferHandle xclAllocUserPtrBO(xclDeviceHandle handle, void* memory, size_t bytes, unsigned int flags) {
  return device(handle).allocate(static_cast<std::uint8_t*>(memory), bytes, flags);
}
void xclFreeBO(xclDeviceHandle handle, xclBufferHandle buffer) {
  device(handle).release(buffer);
}
void* xclMapBO(xclDeviceHandle handle, xclBufferHandle buffer, bool /*write*/) {
  return device(handle).map(buffer);
}
int xclUnmapBO(xclDeviceHandle /*handle*/, xclBufferHandle /*buffer*/, void* /*at*/) {
  return 0;
}
int xclSyncBO(xclDeviceHandle handle, xclBufferHandle buffer, xclBOSyncDirection direction, size_t count,
              size_t at) {
  return device(handle).sync(buffer, direction == XCL_BO_SYNC_BO_TO_DEVICE, at, count);
}
int xclGetBOProperties(xclDeviceHandle handle, xclBufferHandle buffer, xclBOProperties* properties) {
  const Buffer* found = device(handle).find(buffer);
  if (found == nullptr) {
    return -EINVAL;
  }
  properties->handle = buffer;
  properties->flags = found->flags;
  properties->size = found->bytes;
  properties->paddr = found->address;
  return 0;
}
int xclGetDeviceInfo2(xclDeviceHandle /*handle*/, xclDeviceInfo2* info) {
  *info = {};
  std::strncpy(info->mName, "espgate_simulated_card", sizeof(info->mName) - 1);
  info->mDataAlignment = page_bytes;
  info->mDDRBankCount = host_bank + 1;
  return 0;
}

// What esp_lookaside has no use for.
size_t xclWriteBO(xclDeviceHandle /*handle*/, xclBufferHandle /*buffer*/, const void* /*from*/,
                  size_t /*count*/, size_t /*at*/) {
  return static_cast<size_t>(-ENOSYS);
}
size_t xclReadBO(xclDeviceHandle /*handle*/, xclBufferHandle /*buffer*/, void* /*to*/, size_t /*count*/,
                 size_t /*at*/) {
  return static_cast<size_t>(-ENOSYS);
}
int xclCopyBO(xclDeviceHandle /*handle*/, xclBufferHandle /*to*/, xclBufferHandle /*from*/, size_t /*count*/,
              size_t /*to_at*/, size_t /*from_at*/) {
  return -ENOSYS;
}
int xclExecBuf(xclDeviceHandle /*handle*/, xclBufferHandle /*command*/) {
  return -ENOSYS;
}
int xclExecWait(xclDeviceHandle /*handle*/, int /*milliseconds*/) {
  return -ENOSYS;
}
xclBufferExportHandle xclExportBO(xclDeviceHandle /*handle*/, xclBufferHandle /*buffer*/) {
  return XRT_NULL_BO_EXPORT;
}
xclBufferHandle xclImportBO(xclDeviceHandle /*handle*/, xclBufferExportHandle /*descriptor*/,
                            unsigned /*flags*/) {
  return XRT_NULL_BO;
}
extern "C" int xclP2pEnable(xclDeviceHandle /*handle*/, bool /*enable*/, bool /*force*/) {
  return -ENOSYS;
}
int xclReClock2(xclDeviceHandle /*handle*/, unsigned short /*region*/, const unsigned short* /*clocks*/) {
  return -ENOSYS;
}
size_t xclRead(xclDeviceHandle /*handle*/, xclAddressSpace /*space*/, uint64_t /*at*/, void* /*to*/,
               size_t /*count*/) {
  return 0;
}
size_t xclWrite(xclDeviceHandle /*handle*/, xclAddressSpace /*space*/, uint64_t /*at*/, const void* /*from*/,
                size_t /*count*/) {
  return 0;
}
ssize_t xclUnmgdPread(xclDeviceHandle /*handle*/, unsigned /*flags*/, void* /*to*/, size_t /*count*/,
                      uint64_t /*at*/) {
  return -ENOSYS;
}
ssize_t xclUnmgdPwrite(xclDeviceHandle /*handle*/, unsigned /*flags*/, const void* /*from*/, size_t /*count*/,
                       uint64_t /*at*/) {
  return -ENOSYS;
}
