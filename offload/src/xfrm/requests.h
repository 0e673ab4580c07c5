// Requests and their answers over one channel, many at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "xfrm/channel.h"
#include "xfrm/message.h"

namespace espgate::offload::xfrm {

// How one request ended.
struct Outcome {
  int code = 0;        // errno; 0 when it was done
  std::string reason;  // for people, with the kernel's own words where it has some

  bool ok() const { return code == 0; }
};

class Requests {
 public:
  explicit Requests(std::unique_ptr<Channel> channel);

  // Sends them in the order given, many in one datagram, and waits for their answers. One outcome for each: a
  // failed request does not keep later ones from being carried out. When the kernel stops answering, the
  // rest has ETIMEDOUT, and may or may not have been carried out.
  std::vector<Outcome> apply(std::span<Message> messages);
  Outcome apply(Message message) { return apply(std::span(&message, 1)).front(); }

  using Visit = std::function<void(const Received&)>;
  // One request with its answer: `visit` sees every message of it.
  Outcome ask(Message message, const Visit& visit);
  // A dump. It is taken again from the start, after a call of `restart`, when it changed under way.
  Outcome dump(const std::function<Message()>& make, const std::function<void()>& restart,
               const Visit& visit);

  std::uint32_t port() const { return m_channel->port(); }

 private:
  void apply_some(std::span<Message> messages, std::span<Outcome> outcomes);
  // Receives until `take` says that all is there.
  Outcome receive_until(const std::function<bool(const Received&)>& take);
  void discard_stale();

  std::unique_ptr<Channel> m_channel;
  std::uint32_t m_sequence = 0;
  Secret m_buffer;  // dumps of states hold their keys
};

}  // namespace espgate::offload::xfrm
