// What a peer that has the keys sends: payloads and fragments behind the encryption. The input is a sequence
// of: flags (1 byte), exchange (1 byte), type of the first payload (1 byte), length (2 bytes), bytes.
// Whatever comes, the books of the data path are kept, and everything ends when it is to end.
#include <cstdlib>

#include "base/reader.h"
#include "hostile_peer.h"

namespace {

using namespace espgate;
using namespace espgate::ike;

constexpr std::uint8_t flag_not_authenticated = 0x01;  // of the first item
constexpr std::uint8_t flag_time_passes = 0x02;
constexpr std::uint8_t flag_we_rekey_child = 0x04;
constexpr std::uint8_t flag_we_rekey_ike = 0x08;
constexpr std::uint8_t flag_as_answer = 0x10;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::Network network(1);
  test::configure(network);
  test::HostilePeer peer(network);
  peer.init();
  Reader reader(ByteView(data, size));
  const bool authenticated = size == 0 || (data[0] & flag_not_authenticated) == 0;
  if (authenticated) {
    static_cast<void>(peer.authenticate());
  }
  for (int count = 0; !reader.empty() && count < 32; ++count) {
    const std::uint8_t flags = reader.u8();
    const wire::ExchangeType exchange{static_cast<std::uint8_t>(35 + reader.u8() % 3)};
    const wire::PayloadType first{reader.u8()};
    const std::size_t length = reader.u16();
    const ByteView bytes = length <= reader.remaining() ? reader.take(length) : reader.take_rest();
    for (const IkeSaView& view : network.b.stack->list()) {
      if ((flags & flag_we_rekey_child) != 0 && !view.children.empty()) {
        network.b.stack->rekey_child(view.children.front().id, network.now);
      }
      if ((flags & flag_we_rekey_ike) != 0) {
        network.b.stack->rekey_ike(view.id, network.now);
      }
    }
    network.collect();
    const auto asked = (flags & flag_as_answer) != 0 ? peer.asked() : std::nullopt;
    if (asked) {
      const auto payloads = wire::decode_payloads(first, bytes, Limits{});
      peer.answer(*asked, payloads ? *payloads : wire::Payloads{});
    } else {
      static_cast<void>(peer.request_bytes(exchange, first, bytes));
    }
    if ((flags & flag_time_passes) != 0) {
      network.now += std::chrono::seconds(5);
      network.b.stack->tick(network.now);
      network.collect();
    }
    if (!authenticated && !network.b.handler.installed.empty()) {
      std::abort();  // nobody has proved anything
    }
    if (network.b.handler.faults != 0 || network.b.counter("state_move_illegal") != 0 ||
        network.b.counter("crypto_failed") != 0) {
      std::abort();
    }
  }
  network.b.stack->shut_down(network.now);
  network.run(std::chrono::hours(2));
  if (!network.b.is_empty()) {
    std::abort();
  }
  return 0;
}
