// Identities: as a peer sends them (the first byte is the type), and as an operator writes them.
#include <cstdlib>
#include <string>

#include "config/distinguished_name.h"
#include "ike/identity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate;
  if (size == 0) {
    return 0;
  }
  const ike::Identity identity{ike::IdType{data[0]}, Bytes(data + 1, data + size)};
  const std::string text = identity.to_string();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      std::abort();  // it would end in logs and terminals
    }
  }
  const auto pattern = ike::IdentityPattern::parse(std::string(data + 1, data + size));
  if (pattern) {
    static_cast<void>(pattern->match(identity));
    static_cast<void>(pattern->to_string());
  }
  // A name that is read compares equal to itself, and encodes to what was read.
  if (const auto name = ike::parse_name(identity.data)) {
    if (!ike::same_name(name.get(), name.get()) || ike::match_name(name.get(), name.get()) == std::nullopt ||
        ike::encode_name(name.get()) != identity.data) {
      std::abort();
    }
  }
  return 0;
}
