// A card behind XRT, with esp_lookaside as a user-managed kernel. Nothing that XRT throws leaves this file: a
// call that fails is the card's end, and its registers read as all ones from then on.
#pragma once

#include <experimental/xrt_ip.h>
#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include <memory>
#include <optional>
#include <string>

#include "card/card.h"

namespace espgate::driver::xrt_card {

// The memory bank that all of the kernel's ports reach.
struct Bank {
  int index = 0;
  bool host = false;  // the host's own memory, which both see as one
  std::string tag;
};

class XrtCard final : public card::Card {
 public:
  // `device`: index or PCIe address. Loads the xclbin and takes its esp_lookaside for this process alone.
  static Expected<std::unique_ptr<XrtCard>> open(const std::string& device, const std::string& xclbin);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t value) override;
  Expected<std::unique_ptr<card::DmaBuffer>> allocate(std::size_t bytes) override;
  bool stepped() const override { return false; }
  void run(std::uint32_t /*cycles*/) override {}
  Expected<> reset() override;

  const Bank& bank() const { return m_bank; }

 private:
  class Buffer;

  XrtCard(xrt::device device, xrt::xclbin xclbin, std::string kernel, Bank bank)
      : m_device(std::move(device)),
        m_xclbin(std::move(xclbin)),
        m_kernel(std::move(kernel)),
        m_bank(std::move(bank)) {}
  Expected<> load();

  xrt::device m_device;
  xrt::xclbin m_xclbin;
  std::string m_kernel;
  Bank m_bank;
  std::optional<xrt::ip> m_ip;  // empty: lost
};

}  // namespace espgate::driver::xrt_card
