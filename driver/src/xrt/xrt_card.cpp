#include "xrt/xrt_card.h"

#include <fmt/format.h>
#include <xclbin.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <set>
#include <string_view>
#include <vector>

#include "card/lookaside_registers.h"

namespace espgate::driver::xrt_card {
namespace {

namespace shell = registers::lookaside_shell;

constexpr std::string_view kernel_name = "esp_lookaside_kernel";

// What is wrong, for an operator: XRT's own words rarely name the file or the card.
std::unexpected<Error> failed(const std::string& doing, const std::exception& why) {
  return fail(fmt::format("{}: XRT says: {}", doing, why.what()));
}

// XRT 2.13 follows the lengths in an image wherever they lead, so they are checked before it sees them.
Expected<> check_image(const std::string& path) {
  constexpr std::size_t sections_at = offsetof(axlf, m_sections);
  const auto refuse = [&](const char* why) {
    return fail(fmt::format("cannot read the xclbin '{}': {}", path, why));
  };
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return refuse("it cannot be opened");
  }
  const auto bytes = static_cast<std::uint64_t>(file.tellg());
  axlf top{};
  if (bytes < sections_at || !file.seekg(0).read(reinterpret_cast<char*>(&top), sections_at)) {
    return refuse("it is too short to be one");
  }
  constexpr std::string_view magic("xclbin2\0", sizeof(top.m_magic));
  if (std::string_view(top.m_magic, sizeof(top.m_magic)) != magic || top.m_header.m_length != bytes) {
    return refuse("it does not begin as one, or is not as long as it says");
  }
  for (std::uint32_t i = 0; i < top.m_header.m_numSections; ++i) {
    axlf_section_header section{};
    if (!file.read(reinterpret_cast<char*>(&section), sizeof(section)) || section.m_sectionSize > bytes ||
        section.m_sectionOffset > bytes - section.m_sectionSize) {
      return refuse("a section of it lies outside the file");
    }
  }
  return {};
}

// The banks that an argument, and with it a port of the kernel, is connected to.
std::set<int> banks_of(const xrt::xclbin::arg& argument) {
  std::set<int> banks;
  for (const auto& memory : argument.get_mems()) {
    banks.insert(memory.get_index());
  }
  return banks;
}

// Rings and packets stand in one bank, so it must be one that every port reaches. The host's memory comes
// first: nothing there is copied.
std::optional<Bank> choose_bank(const xrt::xclbin& xclbin, const xrt::xclbin::ip& ip) {
  std::optional<std::set<int>> common;
  for (const auto& argument : ip.get_args()) {
    std::set<int> banks = banks_of(argument);
    if (banks.empty()) {
      continue;  // a plain register
    }
    if (!common) {
      common = std::move(banks);
      continue;
    }
    std::erase_if(*common, [&](int bank) { return !banks.contains(bank); });
  }
  std::optional<Bank> chosen;
  for (const auto& memory : xclbin.get_mems()) {
    if (!common || !common->contains(memory.get_index())) {
      continue;
    }
    const bool host = memory.get_tag().starts_with("HOST");
    if (!chosen || (host && !chosen->host)) {
      chosen = Bank{.index = memory.get_index(), .host = host, .tag = memory.get_tag()};
    }
  }
  return chosen;
}

}  // namespace

class XrtCard::Buffer final : public card::DmaBuffer {
 public:
  Buffer(xrt::bo bo, ByteSpan bytes, std::uint64_t address, XrtCard& card)
      : DmaBuffer(bytes, address, card.m_bank.host), m_bo(std::move(bo)), m_card(card) {}

 private:
  void copy_to_card(std::size_t at, std::size_t count) override { sync(XCL_BO_SYNC_BO_TO_DEVICE, at, count); }
  void copy_from_card(std::size_t at, std::size_t count) override {
    sync(XCL_BO_SYNC_BO_FROM_DEVICE, at, count);
  }
  void sync(xclBOSyncDirection direction, std::size_t at, std::size_t count) {
    try {
      m_bo.sync(direction, count, at);
    } catch (const std::exception&) {
      m_card.m_ip.reset();
    }
  }

  xrt::bo m_bo;
  XrtCard& m_card;
};

Expected<std::unique_ptr<XrtCard>> XrtCard::open(const std::string& device, const std::string& xclbin) {
  if (auto whole = check_image(xclbin); !whole) {
    return std::unexpected(whole.error());
  }
  std::string doing = fmt::format("cannot read the xclbin '{}'", xclbin);
  try {
    const xrt::xclbin image{xclbin};
    const auto ips = image.get_ips();
    const auto ip = std::ranges::find_if(
        ips, [](const auto& candidate) { return candidate.get_name().starts_with(kernel_name); });
    if (ip == ips.end()) {
      return fail(
          fmt::format("the xclbin '{}' has no kernel {}; hw/xrt builds one that has", xclbin, kernel_name));
    }
    auto bank = choose_bank(image, *ip);
    if (!bank) {
      return fail(
          fmt::format("the ports of {} in '{}' have no memory bank in common; connect all of them to one "
                      "(hw/xrt, lookaside.cfg)",
                      ip->get_name(), xclbin));
    }
    doing = fmt::format("cannot open XRT device '{}'", device);
    xrt::device card{device};
    std::unique_ptr<XrtCard> opened(new XrtCard(std::move(card), image, ip->get_name(), std::move(*bank)));
    if (auto loaded = opened->load(); !loaded) {
      return std::unexpected(loaded.error());
    }
    return opened;
  } catch (const std::exception& why) {
    return failed(doing, why);
  }
}

// XRT names a compute unit "kernel:{instance}", and an xclbin "kernel:instance".
Expected<> XrtCard::load() {
  try {
    const xrt::uuid uuid = m_device.load_xclbin(m_xclbin);
    const std::size_t colon = m_kernel.find(':');
    m_ip.emplace(m_device, uuid,
                 fmt::format("{}:{{{}}}", m_kernel.substr(0, colon), m_kernel.substr(colon + 1)));
    return {};
  } catch (const std::exception& why) {
    return failed(fmt::format("cannot load the card and take its {}", m_kernel), why);
  }
}

std::uint32_t XrtCard::read(std::uint32_t offset) {
  if (!m_ip) {
    return UINT32_MAX;
  }
  try {
    return m_ip->read_register(offset);
  } catch (const std::exception&) {
    m_ip.reset();
    return UINT32_MAX;
  }
}

void XrtCard::write(std::uint32_t offset, std::uint32_t value) {
  if (!m_ip) {
    return;
  }
  try {
    m_ip->write_register(offset, value);
  } catch (const std::exception&) {
    m_ip.reset();
  }
}

Expected<std::unique_ptr<card::DmaBuffer>> XrtCard::allocate(std::size_t bytes) {
  try {
    xrt::bo bo(m_device, bytes, m_bank.host ? xrt::bo::flags::host_only : xrt::bo::flags::normal,
               static_cast<xrt::memory_group>(m_bank.index));
    const ByteSpan seen(bo.map<std::uint8_t*>(), bytes);
    const std::uint64_t address = bo.address();
    return std::make_unique<Buffer>(std::move(bo), seen, address, *this);
  } catch (const std::exception& why) {
    return failed(fmt::format("the card's memory {} has no buffer of {} bytes", m_bank.tag, bytes), why);
  }
}

// Loading the image is what XRT has for a reset. It leaves an image alone that is there already on some
// platforms, and then the rings still run.
Expected<> XrtCard::reset() {
  m_ip.reset();
  if (auto loaded = load(); !loaded) {
    return loaded;
  }
  constexpr std::uint32_t running = 1U << shell::status_outbound_running.lsb |
                                    1U << shell::status_inbound_running.lsb |
                                    1U << shell::status_events_running.lsb;
  const std::uint32_t status = read(shell::reg_status);
  if (status == UINT32_MAX || (status & running) != 0) {
    return fail("loading the card's image again did not reset it: run 'xbutil reset' for this card");
  }
  return {};
}

}  // namespace espgate::driver::xrt_card
