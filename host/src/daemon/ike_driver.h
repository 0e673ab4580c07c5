// Runs the IKE stack on the event loop: time, timers, datagrams out, events out.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "ike/stack.h"

namespace espgate::host::daemon {

class IkeDriver {
 public:
  using Send = std::function<void(const ike::Datagram&)>;
  using SendKeepalive = std::function<void(const ike::Stack::Keepalive&)>;
  using OnEvent = std::function<void(const ike::Event&)>;
  using OnSettled = std::function<void()>;

  IkeDriver(asio::io_context& io, std::unique_ptr<ike::Stack> stack);

  // To be set before the first input.
  void on_send(Send send) { m_send = std::move(send); }
  void on_send_keepalive(SendKeepalive send) { m_send_keepalive = std::move(send); }
  void on_event(OnEvent on_event) { m_on_event = std::move(on_event); }
  // Called after every input, when its datagrams and events are out.
  void on_settled(OnSettled on_settled) { m_on_settled = std::move(on_settled); }

  ike::Stack& stack() { return *m_stack; }
  const ike::Stack& stack() const { return *m_stack; }
  ike::Instant now() const;

  void receive(const ike::Datagram& datagram);
  // The data path's word on a Child SA (VolumeWatch).
  void child_expired(ike::ChildSaId id, bool hard);
  // To be called after every input that was given to stack() directly. What the callbacks do to the stack is
  // taken care of.
  void settle();

 private:
  void tell_time();
  void drain();
  void arm_timer();

  std::unique_ptr<ike::Stack> m_stack;
  std::chrono::steady_clock::time_point m_epoch = std::chrono::steady_clock::now();
  asio::steady_timer m_timer;
  Send m_send;
  SendKeepalive m_send_keepalive;
  OnEvent m_on_event;
  OnSettled m_on_settled;
  bool m_settling = false;
  bool m_again = false;
};

}  // namespace espgate::host::daemon
