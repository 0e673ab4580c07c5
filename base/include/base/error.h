// The error type that crosses a room's boundary. Its text says what failed, where, why and what to do.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace espgate {

struct Error {
  std::string message;
};

template <typename T = void>
using Expected = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message) {
  return std::unexpected(Error{std::move(message)});
}

}  // namespace espgate
