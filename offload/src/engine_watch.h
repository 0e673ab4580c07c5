// Whether the engine works, and when to look or to try again, counted in polls: a data path has no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace espgate::offload {

class EngineWatch {
 public:
  // An engine with packets within it that finishes none for so many polls is asked whether it is alive.
  static constexpr unsigned polls_until_look = 1024;
  // Recoveries tried in a row before the engine is given up. The first comes at once, each later one after
  // twice as many polls as the one before it.
  static constexpr unsigned most_tries = 6;
  // The same where another engine waits: traffic must not stand still for longer than some 3000 polls take.
  static constexpr unsigned tries_with_standby = 3;
  static constexpr unsigned first_wait = 1024;
  // So many packets after a recovery, a new failure is a new one and not the old one come back.
  static constexpr std::size_t packets_until_trusted = 4096;

  bool failed() const { return !m_reason.empty(); }
  // Failed, and no recovery will be tried any more.
  bool given_up() const { return failed() && m_tries >= most_tries; }
  // Why, and what was tried; empty unless failed.
  const std::string& reason() const { return m_reason; }

  // The engine took no packet.
  void refused() { m_refused = true; }
  // Of a poll of an engine that has not failed: how many packets it finished, and whether it has more. True
  // when its health should be asked for.
  bool polled(std::size_t finished, bool waiting) {
    if (finished > 0) {
      m_since_recovery += finished;
      if (m_since_recovery >= packets_until_trusted) {
        m_tries = 0;
      }
    }
    const bool refused = std::exchange(m_refused, false);
    if (finished > 0 || !(waiting || refused)) {
      m_idle_polls = 0;
      return false;
    }
    if (!refused && ++m_idle_polls < polls_until_look) {
      return false;
    }
    m_idle_polls = 0;
    return true;
  }

  void fail(std::string reason) {
    m_reason = std::move(reason);
    m_wait = m_tries == 0 ? 0 : first_wait << (m_tries - 1);
  }
  // Of a poll of a failed engine. True when a recovery is to be tried now.
  bool try_now() {
    if (given_up() || m_wait-- > 0) {
      return false;
    }
    ++m_tries;
    return true;
  }
  unsigned tries() const { return m_tries; }
  void recovered() {
    m_reason.clear();
    m_since_recovery = 0;
    m_idle_polls = 0;
    m_refused = false;
  }

 private:
  std::string m_reason;
  unsigned m_tries = 0;  // recoveries since the engine was last trusted
  unsigned m_wait = 0;   // polls before the next one
  unsigned m_idle_polls = 0;
  std::size_t m_since_recovery = 0;
  bool m_refused = false;
};

}  // namespace espgate::offload
