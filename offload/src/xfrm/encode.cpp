#include "xfrm/encode.h"

#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace espgate::offload::xfrm {

namespace {

constexpr std::uint32_t bitmap_word_bits = 32;

// XFRM_OFFLOAD_PACKET, which the headers of Debian 12 do not have yet.
constexpr std::uint8_t offload_inbound = 2;
constexpr std::uint8_t offload_packet = 4;

std::uint16_t family_of(const IpAddress& address) {
  return static_cast<std::uint16_t>(address.is_v4() ? AF_INET : AF_INET6);
}

xfrm_address_t to_kernel(const IpAddress& address) {
  xfrm_address_t result{};
  const ByteView bytes = address.bytes();
  std::memcpy(&result, bytes.data(), bytes.size());
  return result;
}

std::uint8_t to_kernel(driver::Mode mode) {
  return mode == driver::Mode::tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
}

xfrm_selector to_kernel(const PolicySelector& selector) {
  xfrm_selector result{};
  result.saddr = to_kernel(selector.source.address);
  result.daddr = to_kernel(selector.destination.address);
  result.family = family_of(selector.source.address);
  result.prefixlen_s = selector.source.length;
  result.prefixlen_d = selector.destination.length;
  result.proto = selector.protocol.value_or(0);
  result.sport = htons(selector.source_port.value);
  result.sport_mask = htons(selector.source_port.mask);
  result.dport = htons(selector.destination_port.value);
  result.dport_mask = htons(selector.destination_port.mask);
  result.ifindex = static_cast<int>(selector.interface);
  return result;
}

xfrm_lifetime_cfg to_kernel(const Lifetime& lifetime) {
  xfrm_lifetime_cfg result{};
  result.soft_byte_limit = lifetime.volume.soft_bytes;
  result.hard_byte_limit = lifetime.volume.hard_bytes;
  result.soft_packet_limit = lifetime.volume.soft_packets;
  result.hard_packet_limit = lifetime.volume.hard_packets;
  result.soft_add_expires_seconds = lifetime.soft_seconds;
  result.hard_add_expires_seconds = lifetime.hard_seconds;
  return result;
}

void put_mark(Message& message, const Mark& mark) {
  if (mark.mask != 0) {
    message.put(XFRMA_MARK, xfrm_mark{.v = mark.value, .m = mark.mask});
  }
}

void put_if_id(Message& message, std::uint32_t if_id) {
  if (if_id != 0) {
    message.put(XFRMA_IF_ID, if_id);
  }
}

void put_device(Message& message, const std::optional<DeviceOffload>& device, bool inbound) {
  if (device) {
    xfrm_user_offload value{};
    value.ifindex = static_cast<int>(device->interface);
    value.flags =
        static_cast<std::uint8_t>((inbound ? offload_inbound : 0) | (device->packet ? offload_packet : 0));
    message.put(XFRMA_OFFLOAD_DEV, value);
  }
}

template <typename T>
T algorithm(std::string_view name, std::size_t key_bytes) {
  T result{};
  std::ranges::copy(name, std::begin(result.alg_name));
  result.alg_key_len = static_cast<unsigned>(key_bytes * 8);
  return result;
}

void put_algorithms(Message& message, const State& state) {
  const EncryptionInfo* encryption = info(state.suite.encryption);
  const IntegrityInfo* integrity = info(state.suite.integrity);
  if (encryption != nullptr && encryption->combined) {
    auto value = algorithm<xfrm_algo_aead>(encryption->kernel, state.encryption_key.size());
    value.alg_icv_len = encryption->icv_bits;
    message.put_with_tail(XFRMA_ALG_AEAD, value, state.encryption_key.view());
  } else if (encryption != nullptr) {
    message.put_with_tail(XFRMA_ALG_CRYPT,
                          algorithm<xfrm_algo>(encryption->kernel, state.encryption_key.size()),
                          state.encryption_key.view());
  }
  if (integrity != nullptr) {
    // The truncation is always named: the kernel's own for SHA-256 is 96 bits, that of a draft of RFC 4868.
    auto value = algorithm<xfrm_algo_auth>(integrity->kernel, state.integrity_key.size());
    value.alg_trunc_len = integrity->icv_bits;
    message.put_with_tail(XFRMA_ALG_AUTH_TRUNC, value, state.integrity_key.view());
  }
}

// The window and the counters always go in the form that has room for both 64 bits and 4096 packets.
void put_replay(Message& message, const State& state) {
  const bool inbound = state.direction == driver::Direction::inbound;
  // The kernel wants a window of an outbound ESN state too, which it does not use.
  const std::uint32_t window = inbound ? state.replay_window : bitmap_word_bits;
  xfrm_replay_state_esn value{};
  value.replay_window = window;
  value.bmp_len = (window + bitmap_word_bits - 1) / bitmap_word_bits;
  const auto low = static_cast<std::uint32_t>(state.sequence);
  const auto high = static_cast<std::uint32_t>(state.sequence >> 32);
  (inbound ? value.seq : value.oseq) = low;
  (inbound ? value.seq_hi : value.oseq_hi) = high;
  // Every number up to the highest one counts as received.
  const bool taken = inbound && state.sequence != 0;
  const Bytes bitmap(value.bmp_len * sizeof(std::uint32_t), taken ? 0xff : 0);
  message.put_with_tail(XFRMA_REPLAY_ESN_VAL, value, bitmap);
}

xfrm_usersa_id to_kernel(const StateId& id) {
  xfrm_usersa_id result{};
  result.daddr = to_kernel(id.destination);
  result.spi = htonl(id.spi);
  result.family = family_of(id.destination);
  result.proto = static_cast<std::uint8_t>(id.protocol);
  return result;
}

Message encode_state_id(std::uint16_t type, std::uint16_t flags, const StateId& id) {
  Message message(type, flags);
  message.header<xfrm_usersa_id>() = to_kernel(id);
  put_mark(message, id.mark);
  return message;
}

xfrm_user_tmpl to_kernel(const Template& from) {
  xfrm_user_tmpl result{};
  result.id.daddr = to_kernel(from.destination);
  result.id.proto = static_cast<std::uint8_t>(from.protocol);
  result.saddr = to_kernel(from.source);
  result.family = family_of(from.destination);
  result.reqid = from.reqid;
  result.mode = to_kernel(from.mode);
  result.share = XFRM_SHARE_ANY;
  result.optional = from.optional ? 1 : 0;
  // The state names the algorithms; a policy takes any.
  result.aalgos = result.ealgos = result.calgos = ~std::uint32_t{0};
  return result;
}

}  // namespace

Message encode_new_state(const State& state) {
  Message message(XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto& body = message.header<xfrm_usersa_info>();
  body.id.daddr = to_kernel(state.id.destination);
  body.id.spi = htonl(state.id.spi);
  body.id.proto = static_cast<std::uint8_t>(state.id.protocol);
  body.saddr = to_kernel(state.source);
  body.lft = to_kernel(state.lifetime);
  body.reqid = state.reqid;
  body.family = family_of(state.id.destination);
  body.mode = to_kernel(state.mode);
  // Both families may go through a tunnel; which packets do is for the policies to say.
  std::uint8_t flags = state.mode == driver::Mode::tunnel ? XFRM_STATE_AF_UNSPEC : 0;
  if (!state.copy_df) {
    flags |= XFRM_STATE_NOPMTUDISC;
  }
  if (state.esn) {
    flags |= XFRM_STATE_ESN;
  }
  body.flags = flags;

  put_algorithms(message, state);
  put_replay(message, state);
  if (state.encapsulation) {
    xfrm_encap_tmpl value{};
    value.encap_type = UDP_ENCAP_ESPINUDP;
    value.encap_sport = htons(state.encapsulation->source_port);
    value.encap_dport = htons(state.encapsulation->destination_port);
    message.put(XFRMA_ENCAP, value);
  }
  put_mark(message, state.id.mark);
  put_if_id(message, state.if_id);
  if (state.set_mark) {
    message.put(XFRMA_SET_MARK, state.set_mark->value);
    message.put(XFRMA_SET_MARK_MASK, state.set_mark->mask);
  }
  if (state.tfc_bytes != 0) {
    message.put(XFRMA_TFCPAD, state.tfc_bytes);
  }
  if (!state.copy_dscp) {
    message.put(XFRMA_SA_EXTRA_FLAGS, std::uint32_t{XFRM_SA_XFLAG_DONT_ENCAP_DSCP});
  }
  put_device(message, state.device, state.direction == driver::Direction::inbound);
  return message;
}

Message encode_delete_state(const StateId& id) {
  return encode_state_id(XFRM_MSG_DELSA, NLM_F_ACK, id);
}

Message encode_get_state(const StateId& id) {
  return encode_state_id(XFRM_MSG_GETSA, NLM_F_ACK, id);
}

Message encode_dump_states() {
  Message message(XFRM_MSG_GETSA, NLM_F_DUMP);
  message.header<xfrm_usersa_id>().family = AF_UNSPEC;
  return message;
}

Message encode_allocate_spi(const SpiRequest& request, std::uint32_t lowest, std::uint32_t highest) {
  Message message(XFRM_MSG_ALLOCSPI, NLM_F_ACK);
  auto& body = message.header<xfrm_userspi_info>();
  body.info.id.daddr = to_kernel(request.destination);
  body.info.id.proto = static_cast<std::uint8_t>(request.protocol);
  body.info.saddr = to_kernel(request.source);
  body.info.family = family_of(request.destination);
  body.info.mode = to_kernel(request.mode);
  body.info.reqid = request.reqid;
  body.min = lowest;
  body.max = highest;
  return message;
}

Message encode_new_policy(const Policy& policy, bool replace, std::uint32_t index) {
  Message message(replace ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY, NLM_F_ACK);
  auto& body = message.header<xfrm_userpolicy_info>();
  body.sel = to_kernel(policy.id.selector);
  body.lft = to_kernel(Lifetime{});
  body.priority = policy.priority;
  body.index = index;
  body.dir = static_cast<std::uint8_t>(policy.id.direction);
  body.action = policy.block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
  body.share = XFRM_SHARE_ANY;
  if (!policy.templates.empty()) {
    std::array<xfrm_user_tmpl, most_templates> templates{};
    const std::size_t count = std::min(policy.templates.size(), templates.size());
    for (std::size_t i = 0; i < count; ++i) {
      templates.at(i) = to_kernel(policy.templates[i]);
    }
    message.put_bytes(XFRMA_TMPL, {reinterpret_cast<const std::uint8_t*>(templates.data()),
                                   count * sizeof(xfrm_user_tmpl)});
  }
  put_mark(message, policy.id.mark);
  put_if_id(message, policy.id.if_id);
  put_device(message, policy.device, false);
  return message;
}

Message encode_delete_policy(const PolicyId& id) {
  Message message(XFRM_MSG_DELPOLICY, NLM_F_ACK);
  auto& body = message.header<xfrm_userpolicy_id>();
  body.sel = to_kernel(id.selector);
  body.dir = static_cast<std::uint8_t>(id.direction);
  put_mark(message, id.mark);
  put_if_id(message, id.if_id);
  return message;
}

Message encode_dump_policies() {
  Message message(XFRM_MSG_GETPOLICY, NLM_F_DUMP);
  message.header<xfrm_userpolicy_id>();
  return message;
}

}  // namespace espgate::offload::xfrm
