#include "xfrm/requests.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "xfrm/errno_text.h"

namespace espgate::offload::xfrm {

namespace {

// The kernel's datagrams of a dump have up to 32 KiB.
constexpr std::size_t buffer_bytes = 65536;
// What one datagram to the kernel may hold; the socket's buffer for the answers holds several hundred.
constexpr std::size_t batch_bytes = 32768;
constexpr std::size_t batch_messages = 64;
// A dump that changed under way is taken again.
constexpr int dump_attempts = 10;
// More datagrams than an answer that nobody read has left.
constexpr int stale_datagrams = 4096;

Outcome failure(int code, const std::string& kernel_words = {}) {
  return {.code = code,
          .reason = kernel_words.empty() ? errno_text(code) : errno_text(code) + " (" + kernel_words + ")"};
}

}  // namespace

Requests::Requests(std::unique_ptr<Channel> channel)
    : m_channel(std::move(channel)), m_buffer(buffer_bytes) {}

// What an earlier request left unread, because it failed half way, is not the answer to the next. Sequence
// numbers would tell, but what is not taken out fills the socket.
void Requests::discard_stale() {
  for (int i = 0; i < stale_datagrams; ++i) {
    const auto length = m_channel->receive(m_buffer.span(), false);
    if (!length && length.error() != ENOBUFS && length.error() != ENOSPC) {
      return;
    }
  }
}

Outcome Requests::receive_until(const std::function<bool(const Received&)>& take) {
  bool done = false;
  while (!done) {
    const auto length = m_channel->receive(m_buffer.span(), true);
    if (!length) {
      return failure(length.error() == EAGAIN ? ETIMEDOUT : length.error());
    }
    const ByteView datagram = m_buffer.view().first(std::min(*length, m_buffer.size()));
    const bool whole =
        for_each_message(datagram, [&](const Received& message) { done = take(message) || done; });
    wipe(m_buffer.span().first(datagram.size()));
    if (!whole) {
      return failure(EBADMSG);
    }
  }
  return {};
}

void Requests::apply_some(std::span<Message> messages, std::span<Outcome> outcomes) {
  const std::uint32_t first = m_sequence + 1;
  Secret datagram(batch_bytes + Message::capacity);
  std::size_t size = 0;
  std::vector<bool> answered(messages.size(), false);
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].set_origin(port(), ++m_sequence);
    if (!messages[i].complete()) {
      outcomes[i] = failure(EMSGSIZE);
      answered[i] = true;
      continue;
    }
    const ByteView bytes = messages[i].view();
    std::ranges::copy(bytes, datagram.span().subspan(size).begin());
    size += (bytes.size() + 3) / 4 * 4;
    ++waiting;
  }
  if (waiting == 0) {
    return;
  }
  Outcome whole;
  if (const auto sent = m_channel->send(datagram.view().first(size)); !sent) {
    whole = failure(sent.error());
  } else {
    whole = receive_until([&](const Received& message) {
      const std::uint32_t index = message.header.nlmsg_seq - first;
      if (index >= messages.size() || answered[index]) {
        return false;
      }
      const auto answer = parse_acknowledgement(message);
      if (!answer) {
        return false;
      }
      outcomes[index] = answer->code == 0 ? Outcome{} : failure(answer->code, answer->message);
      answered[index] = true;
      return --waiting == 0;
    });
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!answered[i]) {
      outcomes[i] = whole;
    }
  }
}

std::vector<Outcome> Requests::apply(std::span<Message> messages) {
  std::vector<Outcome> outcomes(messages.size());
  discard_stale();
  std::size_t done = 0;
  while (done < messages.size()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (done + count < messages.size() && count < batch_messages && bytes < batch_bytes) {
      bytes += messages[done + count].view().size();
      ++count;
    }
    apply_some(messages.subspan(done, count), std::span(outcomes).subspan(done, count));
    done += count;
  }
  return outcomes;
}

Outcome Requests::ask(Message message, const Visit& visit) {
  discard_stale();
  const std::uint32_t sequence = ++m_sequence;
  message.set_origin(port(), sequence);
  if (!message.complete()) {
    return failure(EMSGSIZE);
  }
  if (const auto sent = m_channel->send(message.view()); !sent) {
    return failure(sent.error());
  }
  Outcome outcome;
  const Outcome received = receive_until([&](const Received& answer) {
    if (answer.header.nlmsg_seq != sequence) {
      return false;
    }
    if (const auto end = parse_acknowledgement(answer)) {
      outcome = end->code == 0 ? Outcome{} : failure(end->code, end->message);
      return true;
    }
    visit(answer);
    return false;
  });
  return received.ok() ? outcome : received;
}

Outcome Requests::dump(const std::function<Message()>& make, const std::function<void()>& restart,
                       const Visit& visit) {
  Outcome outcome;
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    discard_stale();
    restart();
    Message message = make();
    const std::uint32_t sequence = ++m_sequence;
    message.set_origin(port(), sequence);
    if (const auto sent = m_channel->send(message.view()); !sent) {
      return failure(sent.error());
    }
    bool changed = false;
    outcome = {};
    Outcome received = receive_until([&](const Received& answer) {
      if (answer.header.nlmsg_seq != sequence) {
        return false;
      }
      changed = changed || (answer.header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (answer.header.nlmsg_type == NLMSG_DONE) {
        return true;
      }
      if (const auto end = parse_acknowledgement(answer)) {
        outcome = end->code == 0 ? Outcome{} : failure(end->code, end->message);
        return true;
      }
      visit(answer);
      return false;
    });
    if (!received.ok()) {
      return received;
    }
    if (!changed && outcome.code != EINTR) {
      return outcome;
    }
    outcome = failure(EINTR);
  }
  return outcome;
}

}  // namespace espgate::offload::xfrm
