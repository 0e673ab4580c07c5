#include "dataplane/raw_esp_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "dataplane/counter_set.h"
#include "dataplane/errno_text.h"
#include "dataplane/read_loop.h"
#include "dataplane/receive.h"

namespace espgate::host::dataplane {

namespace {

enum class Reason : std::uint8_t {
  receive_overflow,
  receive_failed,
  receive_truncated,
  send_malformed,
  send_too_long,
  send_queue_full,
  send_no_route,
  send_failed,
};
constexpr std::array<std::string_view, 8> reason_names = {
    "esp_receive_overflow", "esp_receive_failed",  "esp_receive_truncated", "esp_send_malformed",
    "esp_send_too_long",    "esp_send_queue_full", "esp_send_no_route",     "esp_send_failed"};

constexpr std::size_t longest_packet = 65535;
constexpr std::size_t destination_offset = 16;
constexpr std::size_t ipv4_header_bytes = 20;

Expected<UniqueFd> open_raw(int protocol, std::string_view name) {
  UniqueFd fd(::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) {
    const int error = errno;
    return fail(fmt::format("cannot open a raw socket for {}: {}{}", name, errno_text(error),
                            error == EPERM || error == EACCES ? "; run as root or with CAP_NET_RAW" : ""));
  }
  return fd;
}

Reason reason_of(int error) {
  switch (error) {
    case EMSGSIZE:
      return Reason::send_too_long;
    case EAGAIN:
    case ENOBUFS:
      return Reason::send_queue_full;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
      return Reason::send_no_route;
    case EINVAL:
      return Reason::send_malformed;
    default:
      return Reason::send_failed;
  }
}

}  // namespace

struct RawEspSocket::State {
  ReadResult read_one() {
    ReceivedPacket packet;
    const ReadResult result = receive(loop.fd(), buffer, packet);
    if (result == ReadResult::failed) {
      counters.count(Reason::receive_failed);
    }
    if (result != ReadResult::packet) {
      return result;
    }
    if (packet.overflow) {
      counters.count(Reason::receive_overflow, *packet.overflow - std::exchange(overflow, *packet.overflow));
    }
    if (packet.truncated) {
      counters.count(Reason::receive_truncated);
    } else {
      on_packet(ByteView(buffer).first(packet.length));
    }
    return result;
  }

  ReadLoop loop;
  UniqueFd sender;
  std::function<void(ByteView)> on_packet;
  CounterSet<Reason, reason_names.size()> counters{reason_names};
  std::uint32_t overflow = 0;
  Bytes buffer = Bytes(longest_packet);
};

RawEspSocket::RawEspSocket(std::unique_ptr<State> state) : m_state(std::move(state)) {}
RawEspSocket::~RawEspSocket() = default;

Expected<std::unique_ptr<RawEspSocket>> RawEspSocket::open(asio::io_context& io) {
  auto receiver = open_raw(IPPROTO_ESP, "ESP");
  if (!receiver) {
    return std::unexpected(receiver.error());
  }
  prepare_receive(receiver->get());
  // With IPPROTO_RAW the header is the caller's; the kernel fills in total length and checksum, and the
  // identification where it is 0.
  auto sender = open_raw(IPPROTO_RAW, "sending IP packets");
  if (!sender) {
    return std::unexpected(sender.error());
  }
  auto loop = ReadLoop::open(io, *std::move(receiver));
  if (!loop) {
    return std::unexpected(loop.error());
  }
  return std::unique_ptr<RawEspSocket>(new RawEspSocket(std::make_unique<State>(
      State{.loop = *std::move(loop), .sender = *std::move(sender), .on_packet = {}})));
}

void RawEspSocket::start(std::function<void(ByteView packet)> on_packet) {
  m_state->on_packet = std::move(on_packet);
  m_state->loop.start([state = m_state.get()] { return state->read_one(); });
}

void RawEspSocket::send(ByteView outer_packet) {
  if (outer_packet.size() < ipv4_header_bytes || (outer_packet[0] >> 4) != 4) {
    return m_state->counters.count(Reason::send_malformed);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(load_be32(outer_packet, destination_offset));
  const auto* address = reinterpret_cast<const sockaddr*>(&to);
  if (::sendto(m_state->sender.get(), outer_packet.data(), outer_packet.size(), MSG_DONTWAIT, address,
               sizeof(to)) < 0) {
    m_state->counters.count(reason_of(errno));
  }
}

std::vector<NamedCounter> RawEspSocket::counters() const {
  return m_state->counters.list();
}

}  // namespace espgate::host::dataplane
