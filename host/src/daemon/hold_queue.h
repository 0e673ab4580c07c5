// Packets that wait for a Child SA which they asked for: few, and not for long.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "dataplane/counter_set.h"

namespace espgate::host::daemon {

class HoldQueue {
 public:
  // Of one SPD entry, and of all together. With 1500 bytes each, 384 KB at most.
  static constexpr std::size_t most_of_an_entry = 16;
  static constexpr std::size_t most_packets = 256;
  static constexpr std::chrono::seconds patience{10};

  using OnWanted = std::function<void(const std::string& entry)>;
  using Submit = std::function<void(ByteView packet)>;

  explicit HoldQueue(asio::io_context& io) : m_io(io) {}
  HoldQueue(const HoldQueue&) = delete;
  HoldQueue& operator=(const HoldQueue&) = delete;
  ~HoldQueue() { *m_alive = false; }

  // Told from the event loop when the first packet of an entry waits.
  void on_wanted(OnWanted on_wanted) { m_on_wanted = std::move(on_wanted); }

  // Copies the packet; false when there is no room, or nobody to ask.
  bool hold(const std::string& entry, ByteView packet);
  // The SA is there: what waits for it goes out in the order in which it came.
  void release(const std::string& entry, const Submit& submit);
  // It will not come.
  void drop(const std::string& entry);

  std::size_t size() const { return m_size; }
  std::vector<dataplane::NamedCounter> counters() const { return m_counters.list(); }

 private:
  enum class Reason : std::uint8_t { full, refused, expired };
  static constexpr std::array<std::string_view, 3> reason_names = {"hold_full", "hold_refused",
                                                                   "hold_expired"};
  struct Waiting {
    explicit Waiting(asio::io_context& io) : timer(io) {}
    std::vector<Bytes> packets;
    asio::steady_timer timer;
  };
  // The packets of an entry, which does not wait any more.
  std::vector<Bytes> take(const std::string& entry);
  void ask(const std::string& entry, Waiting& waiting);

  asio::io_context& m_io;
  OnWanted m_on_wanted;
  std::map<std::string, Waiting> m_waiting;
  std::size_t m_size = 0;
  dataplane::CounterSet<Reason, reason_names.size()> m_counters{reason_names};
  // Shared with what is posted on the loop, which may outlive the queue.
  std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace espgate::host::daemon
