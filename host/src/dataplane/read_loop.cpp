#include "dataplane/read_loop.h"

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <utility>

namespace espgate::host::dataplane {

namespace {

constexpr int packets_per_wake_up = 64;
constexpr std::chrono::milliseconds pause_after_failure{100};

}  // namespace

struct ReadLoop::State : std::enable_shared_from_this<State> {
  explicit State(asio::io_context& io) : descriptor(io), pause(io) {}

  void arm() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [weak = weak_from_this()](const asio::error_code& error) {
                            resume(weak, error, &State::read_batch);
                          });
  }
  void arm_after_pause() {
    pause.expires_after(pause_after_failure);
    pause.async_wait(
        [weak = weak_from_this()](const asio::error_code& error) { resume(weak, error, &State::arm); });
  }
  // A completion may already be queued when the loop is destroyed.
  static void resume(const std::weak_ptr<State>& weak, const asio::error_code& error, void (State::*next)()) {
    const auto state = weak.lock();
    if (error != asio::error::operation_aborted && state && !state->stopped) {
      ((*state).*next)();
    }
  }
  void read_batch() {
    for (int i = 0; i < packets_per_wake_up; ++i) {
      const ReadResult result = read_one();
      if (result == ReadResult::failed) {
        return arm_after_pause();
      }
      if (result == ReadResult::empty) {
        break;
      }
    }
    arm();
  }
  void stop() {
    stopped = true;
    asio::error_code ignored;
    descriptor.close(ignored);
    pause.cancel();
  }

  asio::posix::stream_descriptor descriptor;
  asio::steady_timer pause;
  std::function<ReadResult()> read_one;
  bool stopped = false;
};

ReadLoop::ReadLoop(std::shared_ptr<State> state) : m_state(std::move(state)) {}

ReadLoop::~ReadLoop() {
  if (m_state) {
    m_state->stop();
  }
}

Expected<ReadLoop> ReadLoop::open(asio::io_context& io, UniqueFd fd) {
  auto state = std::make_shared<State>(io);
  asio::error_code error;
  state->descriptor.assign(fd.get(), error);
  if (error) {
    return fail("cannot watch a descriptor for packets: " + error.message());
  }
  fd.release();
  return ReadLoop(std::move(state));
}

void ReadLoop::start(std::function<ReadResult()> read_one) {
  m_state->read_one = std::move(read_one);
  m_state->arm();
}

int ReadLoop::fd() const {
  return m_state->descriptor.native_handle();
}

}  // namespace espgate::host::dataplane
