// Writes the first corpus for both fuzzers: the samples of the codec's tests, and the messages of a
// handshake.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/writer.h"
#include "sample_messages.h"
#include "simulated_peers.h"

namespace {

using namespace espgate;

void write(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Bytes as_stack_input(std::uint8_t flags, ByteView message) {
  Writer writer;
  writer.u8(flags);
  writer.u16(static_cast<std::uint16_t>(message.size()));
  writer.bytes(message);
  return std::move(writer).finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ike_corpus DIRECTORY\n");
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  std::filesystem::create_directories(directory / "ike_message");
  std::filesystem::create_directories(directory / "ike_stack");
  const auto add = [&](const std::string& name, const Bytes& message) {
    write(directory / "ike_message" / name, message);
    write(directory / "ike_stack" / name, as_stack_input(0, message));
    write(directory / "ike_stack" / (name + "_patched"), as_stack_input(6, message));
  };
  for (const auto& sample : ike::test::samples()) {
    add(sample.name, ike::wire::encode_message(sample.message.header, sample.message.payloads));
  }
  // Another seed than the stack's fuzzer has: its own messages would be authentic to it.
  ike::test::Network network(2);
  ike::test::configure(network);
  static_cast<void>(network.a.stack->initiate("site", "net", network.now));
  network.run();
  for (std::size_t i = 0; i < network.sent.size(); ++i) {
    add("handshake_" + std::to_string(i), network.sent[i].message);
  }
  return 0;
}
