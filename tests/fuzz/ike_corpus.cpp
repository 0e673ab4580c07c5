// Writes what the IKE fuzzers start from: the samples of the codec's tests, the messages of a handshake,
// certificates and identities.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/writer.h"
#include "sample_messages.h"
#include "simulated_peers.h"
#include "test_pki.h"

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
  std::filesystem::create_directories(directory / "ike_certificate");
  std::filesystem::create_directories(directory / "ike_identity");
  const auto root = ike::test::make_authority("C=CH, O=Example, CN=Root");
  for (const char* kind : ike::test::key_kinds) {
    const auto holder =
        ike::test::issue({.subject = "C=CH, CN=gate",
                          .alternative_names = "DNS:gate.example.org,IP:192.0.2.1,email:a@b.example",
                          .key_kind = kind},
                         &root);
    write(directory / "ike_certificate" / kind, holder.certificate.der());
    write(directory / "ike_certificate" / (std::string(kind) + ".pem"),
          ike::test::to_pem(holder.certificate));
  }
  write(directory / "ike_certificate" / "root", root.certificate.der());
  write(directory / "ike_certificate" / "crl", ike::test::make_crl_der(root, {root.certificate}));
  // A deletion of a Child SA in three fragments, then one of the IKE SA in one.
  std::filesystem::create_directories(directory / "ike_fragment");
  Writer fragments;
  const auto add_fragment = [&](std::uint8_t first, std::uint16_t number, std::uint16_t total,
                                std::initializer_list<std::uint8_t> piece) {
    fragments.u8(2);  // INFORMATIONAL
    fragments.u8(first);
    fragments.u16(number);
    fragments.u16(total);
    fragments.u16(static_cast<std::uint16_t>(piece.size()));
    fragments.bytes(Bytes(piece));
  };
  constexpr std::uint8_t delete_payload = 42;
  add_fragment(delete_payload, 1, 3, {0, 0, 0, 12, 3});
  add_fragment(0, 3, 3, {0xaa, 0xaa, 0, 1});
  add_fragment(0, 2, 3, {4, 0, 1});
  add_fragment(delete_payload, 1, 1, {0, 0, 0, 8, 1, 0, 0, 0});
  write(directory / "ike_fragment" / "deletions", fragments.view());
  unsigned identities = 0;
  for (const char* text : {"C=CH, O=Example, CN=gate", "gate.example.org", "carol@example.org", "192.0.2.1",
                           "2001:db8::1", "keyid:0x0102"}) {
    const ike::Identity identity = ike::Identity::parse(text).value();
    Writer writer;
    writer.u8(static_cast<std::uint8_t>(identity.type));
    writer.bytes(identity.data);
    write(directory / "ike_identity" / std::to_string(++identities), writer.view());
    Writer as_text;
    as_text.u8(2);
    for (const char* c = text; *c != 0; ++c) {
      as_text.u8(static_cast<std::uint8_t>(*c));
    }
    write(directory / "ike_identity" / std::to_string(++identities), as_text.view());
  }
  for (std::size_t i = 0; i < network.sent.size(); ++i) {
    add("handshake_" + std::to_string(i), network.sent[i].message);
  }
  return 0;
}
