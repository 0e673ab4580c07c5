// The engine's 32-bit registers (registers.h), wherever they are: behind a simulator, or on a card.
#pragma once

#include <cstdint>

namespace espgate::driver::card {

class RegisterPort {
 public:
  RegisterPort() = default;
  RegisterPort(const RegisterPort&) = delete;
  RegisterPort& operator=(const RegisterPort&) = delete;
  virtual ~RegisterPort() = default;

  // `offset` in bytes, a multiple of 4. All ones when nothing answers.
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
};

}  // namespace espgate::driver::card
