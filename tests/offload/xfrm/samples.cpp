#include "samples.h"

namespace espgate::offload::xfrm::testing {

Prefix prefix(std::string_view text) {
  const IpRange range = IpRange::parse(text).value();  // NOLINT(bugprone-unchecked-optional-access)
  return {range.first, static_cast<std::uint8_t>(
                           range.prefix_length().value())};  // NOLINT(bugprone-unchecked-optional-access)
}

Secret test_key(std::size_t size, std::uint8_t seed) {
  Secret key(size);
  for (std::size_t i = 0; i < size; ++i) {
    key.span()[i] = static_cast<std::uint8_t>(seed + 7 * i);
  }
  return key;
}

State make_state(const Suite& suite, std::uint32_t spi, std::string_view source,
                 std::string_view destination) {
  State state;
  state.id = {.destination = address(destination),
              .spi = spi,
              .protocol = suite.encryption == Encryption::none ? Protocol::ah : Protocol::esp,
              .mark = {}};
  state.source = address(source);
  state.reqid = Tag{}.reqid(1);
  state.suite = suite;
  const EncryptionInfo* encryption = info(suite.encryption);
  const IntegrityInfo* integrity = info(suite.integrity);
  state.encryption_key = test_key(encryption == nullptr ? 0 : suite.key_bits / 8U + encryption->salt_bytes);
  state.integrity_key = test_key(integrity == nullptr ? 0 : integrity->key_bits / 8U, 99);
  return state;
}

Policy make_policy(PolicyDirection direction, std::string_view source, std::string_view destination,
                   std::string_view outer_source, std::string_view outer_destination, std::uint32_t reqid) {
  Policy policy;
  policy.id.direction = direction;
  policy.id.selector.source = prefix(source);
  policy.id.selector.destination = prefix(destination);
  policy.priority = first_priority + 10;
  policy.templates.push_back({.source = address(outer_source),
                              .destination = address(outer_destination),
                              .protocol = Protocol::esp,
                              .mode = driver::Mode::tunnel,
                              .reqid = reqid,
                              .optional = false});
  return policy;
}

}  // namespace espgate::offload::xfrm::testing
