// What the kernel would refuse without a useful word, or accept and mean otherwise, is refused here.
#include <fmt/format.h>

#include <limits>

#include "offload/xfrm/policy.h"
#include "offload/xfrm/state.h"

namespace espgate::offload::xfrm {

namespace {

constexpr std::uint32_t lowest_spi = 256;  // RFC 4303 section 2.1

Expected<> check_keys(const State& state) {
  if (auto suite = check_suite(state.suite); !suite) {
    return suite;
  }
  const EncryptionInfo* encryption = info(state.suite.encryption);
  const IntegrityInfo* integrity = info(state.suite.integrity);
  if ((encryption == nullptr) != (state.id.protocol == Protocol::ah)) {
    return fail("AH goes without an encryption algorithm, and ESP with one");
  }
  const std::size_t key =
      encryption == nullptr ? 0 : std::size_t{state.suite.key_bits} / 8 + encryption->salt_bytes;
  if (state.encryption_key.size() != key) {
    return fail(fmt::format("the encryption key has {} bytes, and {} takes {}", state.encryption_key.size(),
                            to_string(state.suite), key));
  }
  const std::size_t integrity_key = integrity == nullptr ? 0 : integrity->key_bits / 8U;
  if (state.integrity_key.size() != integrity_key) {
    return fail(fmt::format("the integrity key has {} bytes, and {} takes {}", state.integrity_key.size(),
                            to_string(state.suite), integrity_key));
  }
  return {};
}

Expected<> check_sequence(const State& state) {
  const bool inbound = state.direction == driver::Direction::inbound;
  if (inbound && state.replay_window > largest_xfrm_window) {
    return fail(fmt::format("the kernel has replay windows of up to {} packets, not {}", largest_xfrm_window,
                            state.replay_window));
  }
  if (inbound && state.esn && state.replay_window == 0) {
    return fail("the kernel has no extended sequence numbers without a replay window");
  }
  if (!state.esn && state.sequence > std::numeric_limits<std::uint32_t>::max()) {
    return fail("the sequence number needs extended sequence numbers, which are off");
  }
  return {};
}

bool host_bits_clear(const Prefix& prefix) {
  const ByteView bytes = prefix.address.bytes();
  for (std::size_t bit = prefix.length; bit < bytes.size() * 8; ++bit) {
    if ((bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) {
      return false;
    }
  }
  return true;
}

Expected<> check_prefix(const Prefix& prefix) {
  if (prefix.length > prefix.address.bytes().size() * 8 || !host_bits_clear(prefix)) {
    return fail(fmt::format("{}/{} is no prefix", prefix.address.to_string(), prefix.length));
  }
  return {};
}

std::string to_string(const PortMatch& port) {
  return port.mask == 0xffff ? fmt::format("{}", port.value) : fmt::format("{}/{:#x}", port.value, port.mask);
}

}  // namespace

std::string to_string(const StateId& id) {
  return fmt::format("{} SPI {:#010x} to {}{}", id.protocol == Protocol::esp ? "ESP" : "AH", id.spi,
                     id.destination.to_string(),
                     id.mark.mask == 0 ? "" : fmt::format(" mark {:#x}/{:#x}", id.mark.value, id.mark.mask));
}

std::string_view to_string(PolicyDirection direction) {
  switch (direction) {
    case PolicyDirection::in:
      return "in";
    case PolicyDirection::out:
      return "out";
    case PolicyDirection::forward:
      return "forward";
  }
  return "unknown";
}

std::string to_string(const PolicyId& id) {
  const PolicySelector& s = id.selector;
  std::string text =
      fmt::format("{} policy {}/{} => {}/{}", to_string(id.direction), s.source.address.to_string(),
                  s.source.length, s.destination.address.to_string(), s.destination.length);
  if (s.protocol) {
    text += fmt::format(" protocol {}", *s.protocol);
  }
  if (s.source_port.mask != 0) {
    text += fmt::format(" source port {}", to_string(s.source_port));
  }
  if (s.destination_port.mask != 0) {
    text += fmt::format(" destination port {}", to_string(s.destination_port));
  }
  if (id.mark.mask != 0) {
    text += fmt::format(" mark {:#x}/{:#x}", id.mark.value, id.mark.mask);
  }
  if (id.if_id != 0) {
    text += fmt::format(" if_id {}", id.if_id);
  }
  return text;
}

Expected<> check(const State& state) {
  const auto refuse = [&state](const std::string& reason) {
    return fail(fmt::format("the kernel cannot carry {}: {}", to_string(state.id), reason));
  };
  if (state.id.spi < lowest_spi) {
    return refuse("SPIs below 256 are reserved (RFC 4303 section 2.1)");
  }
  if (state.source.family() != state.id.destination.family()) {
    return refuse("its two addresses are of different families");
  }
  if (state.id.destination.is_unspecified()) {
    return refuse("its destination is not set");
  }
  if (auto keys = check_keys(state); !keys) {
    return refuse(keys.error().message);
  }
  if (auto sequence = check_sequence(state); !sequence) {
    return refuse(sequence.error().message);
  }
  if (state.encapsulation && state.id.protocol == Protocol::ah) {
    return refuse("AH is not encapsulated in UDP (RFC 3948)");
  }
  if (state.tfc_bytes != 0 && (state.mode != driver::Mode::tunnel || state.id.protocol != Protocol::esp)) {
    return refuse("the kernel pads against traffic analysis in ESP tunnel mode only");
  }
  return {};
}

Expected<> check(const Policy& policy) {
  const auto refuse = [&policy](const std::string& reason) {
    return fail(fmt::format("the kernel cannot hold the {}: {}", to_string(policy.id), reason));
  };
  const PolicySelector& s = policy.id.selector;
  if (s.source.address.family() != s.destination.address.family()) {
    return refuse("its two prefixes are of different families");
  }
  for (const Prefix& prefix : {s.source, s.destination}) {
    if (auto checked = check_prefix(prefix); !checked) {
      return refuse(checked.error().message);
    }
  }
  if (policy.templates.size() > most_templates) {
    return refuse(
        fmt::format("it has {} templates, and the kernel takes {}", policy.templates.size(), most_templates));
  }
  if (policy.block && !policy.templates.empty()) {
    return refuse("it blocks, and names templates");
  }
  for (const Template& wanted : policy.templates) {
    if (wanted.source.family() != wanted.destination.family()) {
      return refuse("a template's two addresses are of different families");
    }
    if (wanted.optional && policy.id.direction == PolicyDirection::out) {
      return refuse("an optional template lets packets out in the clear");
    }
  }
  if (policy.device && !policy.device->packet) {
    return refuse("a device takes policies with packet offload only");
  }
  return {};
}

}  // namespace espgate::offload::xfrm
