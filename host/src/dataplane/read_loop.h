// Reads a descriptor whenever it is readable: a bounded number of packets per wake-up, so that no descriptor
// starves the others on the same event loop, and with a pause after a failure, so that a descriptor that
// fails for ever does not keep the loop busy.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "dataplane/unique_fd.h"

namespace espgate::host::dataplane {

enum class ReadResult : std::uint8_t { packet, empty, failed };

class ReadLoop {
 public:
  // `fd` must not block.
  static Expected<ReadLoop> open(asio::io_context& io, UniqueFd fd);
  ReadLoop(ReadLoop&&) noexcept = default;
  ReadLoop& operator=(ReadLoop&&) = delete;
  ReadLoop(const ReadLoop&) = delete;
  ReadLoop& operator=(const ReadLoop&) = delete;
  // Closes the descriptor; nothing is called from then on.
  ~ReadLoop();

  // `read_one` reads at most one packet and handles it.
  void start(std::function<ReadResult()> read_one);
  int fd() const;

 private:
  struct State;
  explicit ReadLoop(std::shared_ptr<State> state);

  std::shared_ptr<State> m_state;
};

}  // namespace espgate::host::dataplane
