// Datagrams for a stack with a half-open IKE SA and one being initiated. The input is a sequence of: flags (1
// byte), length (2 bytes), bytes. Nothing unauthenticated may bring an IKE SA up or install anything.
#include <cstdlib>

#include "base/reader.h"
#include "simulated_peers.h"

namespace {

using namespace espgate;
using namespace espgate::ike;

constexpr std::uint8_t flag_other_source = 0x01;
constexpr std::uint8_t flag_patch_spis = 0x02;
constexpr std::uint8_t flag_patch_length = 0x04;
constexpr std::uint8_t flag_time_passes = 0x08;
constexpr std::uint8_t flag_port_4500 = 0x10;

void patch(Bytes& message, std::uint8_t flags, const IkeSaView& view) {
  if ((flags & flag_patch_spis) != 0 && message.size() >= 16) {
    store_be64(message, 0, view.initiator_spi);
    store_be64(message, 8, view.responder_spi);
  }
  if ((flags & flag_patch_length) != 0 && message.size() >= 28) {
    store_be32(message, 24, static_cast<std::uint32_t>(message.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::Network network(1);
  test::configure(network, [](ConnectionConfig&, ConnectionConfig& b) { b.remote_addresses.clear(); });
  // A begins, B answers, and A's IKE_AUTH is lost: B is half open. B begins one of its own.
  static_cast<void>(network.a.stack->initiate("site", "net", network.now));
  network.on_the_way = [](Datagram& datagram) { return datagram.message[18] == 34; };
  network.deliver();
  network.on_the_way = [](Datagram&) { return false; };
  ConnectionConfig back = test::make_connection(network.b, network.a, false);
  back.name = "back";
  static_cast<void>(network.b.stack->load_connection(back));
  static_cast<void>(network.b.stack->initiate("back", "net", network.now));
  network.collect();
  const auto views = network.b.stack->list();
  const std::size_t installed = network.b.handler.installed.size();

  Reader reader(ByteView(data, size));
  for (std::size_t count = 0; !reader.empty() && count < 64; ++count) {
    const std::uint8_t flags = reader.u8();
    const std::size_t length = reader.u16();
    const ByteView bytes = length <= reader.remaining() ? reader.take(length) : reader.take_rest();
    Bytes message(bytes.begin(), bytes.end());
    patch(message, flags, views[count % views.size()]);
    if ((flags & flag_time_passes) != 0) {
      network.now += std::chrono::seconds(3);
      network.b.stack->tick(network.now);
    }
    const std::uint16_t port = (flags & flag_port_4500) != 0 ? 4500 : 500;
    const IpAddress source = (flags & flag_other_source) != 0 ? IpAddress::v4(0xc6336401) : network.a.address;
    network.b.stack->receive({{network.b.address, port}, {source, port}, std::move(message)}, network.now);
    network.collect();
  }
  if (!network.b.of(Event::Kind::ike_up).empty() || network.b.handler.installed.size() != installed ||
      network.b.counter("state_move_illegal") != 0 || network.b.counter("crypto_failed") != 0) {
    std::abort();
  }
  // Everything half open runs out.
  for (int round = 0; round < 400 && network.b.stack->next_timer(); ++round) {
    network.now = std::max(network.now, *network.b.stack->next_timer());
    network.b.stack->tick(network.now);
    network.collect();
  }
  if (!network.b.is_empty()) {
    std::abort();
  }
  return 0;
}
