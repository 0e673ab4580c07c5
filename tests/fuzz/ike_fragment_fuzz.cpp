// Fragments of a peer that has the keys (RFC 7383): any numbers, totals and contents, in any order. The input
// is a sequence of: exchange (1 byte), type of the first payload (1 byte), number (2), total (2), length (2),
// bytes. Whatever comes, the books of the data path are kept, and everything ends when it is to end.
#include <cstdlib>

#include "base/reader.h"
#include "hostile_peer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate;
  using namespace espgate::ike;
  test::Network network(1);
  test::configure(network);
  test::HostilePeer peer(network, true);
  peer.init();
  static_cast<void>(peer.authenticate());
  Reader reader(ByteView(data, size));
  constexpr int max_fragments = 200;
  for (int count = 0; !reader.empty() && count < max_fragments; ++count) {
    const wire::ExchangeType exchange{static_cast<std::uint8_t>(35 + reader.u8() % 3)};
    const wire::PayloadType first{reader.u8()};
    const std::uint16_t number = reader.u16();
    const std::uint16_t total = reader.u16();
    const std::size_t length = reader.u16();
    const ByteView piece = length <= reader.remaining() ? reader.take(length) : reader.take_rest();
    static_cast<void>(peer.request_fragment(exchange, first, piece, number, total));
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
