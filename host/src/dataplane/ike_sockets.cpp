#include "dataplane/ike_sockets.h"

#include <array>
#include <string_view>
#include <utility>

#include "dataplane/counter_set.h"
#include "dataplane/nat_t.h"
#include "dataplane/udp_socket.h"

namespace espgate::host::dataplane {

namespace {

enum class Reason : std::uint8_t {
  receive_overflow,
  receive_failed,
  truncated,
  no_destination,
  keep_alive,
  nat_t_malformed,
  send_not_ipv4,
  send_wrong_port,
  send_failed,
};
constexpr std::array<std::string_view, 9> reason_names = {
    "udp_receive_overflow", "udp_receive_failed",  "udp_truncated",
    "udp_no_destination",   "nat_t_keep_alive",    "nat_t_malformed",
    "ike_send_not_ipv4",    "ike_send_wrong_port", "ike_send_failed"};

constexpr std::array<std::uint8_t, non_esp_marker_bytes> non_esp_marker{};

}  // namespace

struct IkeSockets::State {
  State(UdpSocket ike, UdpSocket nat_t) : ike_socket(std::move(ike)), nat_t_socket(std::move(nat_t)) {}

  ByteSpan payload_room() { return ByteSpan(buffer).subspan(ipv4_udp_header_bytes); }

  // The payload of the next datagram; nullopt when `result` says so, or when it was dropped.
  std::optional<ByteView> read(UdpSocket& socket, ReceivedPacket& packet, std::uint32_t& overflow,
                               ReadResult& result) {
    result = socket.read(payload_room(), packet);
    if (result == ReadResult::failed) {
      counters.count(Reason::receive_failed);
    }
    if (result != ReadResult::packet) {
      return std::nullopt;
    }
    if (packet.overflow) {
      counters.count(Reason::receive_overflow, *packet.overflow - std::exchange(overflow, *packet.overflow));
    }
    if (packet.truncated) {
      counters.count(Reason::truncated);
      return std::nullopt;
    }
    if (!packet.destination) {
      counters.count(Reason::no_destination);
      return std::nullopt;
    }
    return payload_room().first(packet.length);
  }

  ReadResult read_ike() {
    ReceivedPacket packet;
    ReadResult result{};
    if (const auto payload = read(ike_socket, packet, ike_overflow, result)) {
      deliver_ike(packet, ike_socket.port(), *payload);
    }
    return result;
  }

  ReadResult read_nat_t() {
    ReceivedPacket packet;
    ReadResult result{};
    if (const auto payload = read(nat_t_socket, packet, nat_t_overflow, result)) {
      switch (classify_nat_t(*payload)) {
        case NatTKind::ike:
          deliver_ike(packet, nat_t_socket.port(), payload->subspan(non_esp_marker_bytes));
          break;
        case NatTKind::esp:
          deliver_esp(packet);
          break;
        case NatTKind::keep_alive:
          counters.count(Reason::keep_alive);
          break;
        case NatTKind::malformed:
          counters.count(Reason::nat_t_malformed);
          break;
      }
    }
    return result;
  }

  void deliver_ike(const ReceivedPacket& packet, std::uint16_t local_port, ByteView message) const {
    on_ike({.local = {.address = packet.answer_from, .port = local_port},
            .remote = {.address = packet.source, .port = packet.source_port},
            .message = Bytes(message.begin(), message.end())});
  }

  // The payload stands behind room for the headers that the kernel took off.
  void deliver_esp(const ReceivedPacket& packet) {
    write_ipv4_udp_header(ByteSpan(buffer).first(ipv4_udp_header_bytes),
                          {.source = packet.source,
                           .destination = packet.destination.value_or(packet.answer_from),
                           .source_port = packet.source_port,
                           .destination_port = nat_t_socket.port(),
                           .tos = packet.tos,
                           .ttl = packet.ttl},
                          packet.length);
    on_esp(ByteView(buffer).first(ipv4_udp_header_bytes + packet.length));
  }

  UdpSocket ike_socket;
  UdpSocket nat_t_socket;
  std::function<void(ike::Datagram)> on_ike;
  std::function<void(ByteView)> on_esp;
  CounterSet<Reason, reason_names.size()> counters{reason_names};
  std::uint32_t ike_overflow = 0;
  std::uint32_t nat_t_overflow = 0;
  // Longer datagrams do not exist, and the rebuilt packet never exceeds 65535 bytes.
  Bytes buffer = Bytes(ipv4_udp_header_bytes + max_udp_payload_bytes);
};

IkeSockets::IkeSockets(std::unique_ptr<State> state) : m_state(std::move(state)) {}
IkeSockets::~IkeSockets() = default;

Expected<std::unique_ptr<IkeSockets>> IkeSockets::open(asio::io_context& io, std::uint16_t port,
                                                       std::uint16_t nat_t_port) {
  auto ike = UdpSocket::open(io, port);
  if (!ike) {
    return std::unexpected(ike.error());
  }
  auto nat_t = UdpSocket::open(io, nat_t_port);
  if (!nat_t) {
    return std::unexpected(nat_t.error());
  }
  return std::unique_ptr<IkeSockets>(
      new IkeSockets(std::make_unique<State>(*std::move(ike), *std::move(nat_t))));
}

void IkeSockets::start(std::function<void(ike::Datagram)> on_ike,
                       std::function<void(ByteView packet)> on_esp) {
  m_state->on_ike = std::move(on_ike);
  m_state->on_esp = std::move(on_esp);
  m_state->ike_socket.start([state = m_state.get()] { return state->read_ike(); });
  m_state->nat_t_socket.start([state = m_state.get()] { return state->read_nat_t(); });
}

void IkeSockets::send(const ike::Datagram& datagram) {
  State& state = *m_state;
  const bool nat_t = datagram.local.port == state.nat_t_socket.port();
  if (!nat_t && datagram.local.port != state.ike_socket.port()) {
    return state.counters.count(Reason::send_wrong_port);
  }
  if (!datagram.local.address.is_v4() || !datagram.remote.address.is_v4()) {
    return state.counters.count(Reason::send_not_ipv4);
  }
  UdpSocket& socket = nat_t ? state.nat_t_socket : state.ike_socket;
  const ByteView marker = nat_t ? ByteView(non_esp_marker) : ByteView();
  if (!socket.send(datagram.local.address, datagram.remote.address, datagram.remote.port, marker,
                   datagram.message)) {
    state.counters.count(Reason::send_failed);
  }
}

void IkeSockets::send_keepalive(const ike::Endpoint& local, const ike::Endpoint& remote) {
  State& state = *m_state;
  if (local.port != state.nat_t_socket.port()) {
    return state.counters.count(Reason::send_wrong_port);
  }
  if (!local.address.is_v4() || !remote.address.is_v4()) {
    return state.counters.count(Reason::send_not_ipv4);
  }
  constexpr std::array<std::uint8_t, 1> keepalive{0xff};
  if (!state.nat_t_socket.send(local.address, remote.address, remote.port, {}, keepalive)) {
    state.counters.count(Reason::send_failed);
  }
}

std::vector<NamedCounter> IkeSockets::counters() const {
  return m_state->counters.list();
}

}  // namespace espgate::host::dataplane
