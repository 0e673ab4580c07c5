#include "xfrm/decode.h"

#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace espgate::offload::xfrm {

namespace {

constexpr std::uint8_t offload_packet = 4;  // XFRM_OFFLOAD_PACKET

std::optional<IpAddress> from_kernel(const xfrm_address_t& address, int family) {
  std::array<std::uint8_t, sizeof(address)> bytes{};
  std::memcpy(bytes.data(), &address, sizeof(address));
  switch (family) {
    case AF_INET:
      return IpAddress::from_bytes(ByteView(bytes).first(4));
    case AF_INET6:
      return IpAddress::from_bytes(bytes);
    default:
      return std::nullopt;
  }
}

std::optional<driver::Mode> from_kernel_mode(std::uint8_t mode) {
  switch (mode) {
    case XFRM_MODE_TUNNEL:
      return driver::Mode::tunnel;
    case XFRM_MODE_TRANSPORT:
      return driver::Mode::transport;
    default:
      return std::nullopt;
  }
}

std::optional<Protocol> from_kernel_protocol(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_ESP:
      return Protocol::esp;
    case IPPROTO_AH:
      return Protocol::ah;
    default:
      return std::nullopt;
  }
}

std::optional<Prefix> to_prefix(const xfrm_address_t& address, std::uint8_t length, int family) {
  const auto parsed = from_kernel(address, family);
  if (!parsed || length > parsed->bytes().size() * 8) {
    return std::nullopt;
  }
  return Prefix{*parsed, length};
}

std::optional<PolicySelector> from_kernel(const xfrm_selector& selector) {
  const auto source = to_prefix(selector.saddr, selector.prefixlen_s, selector.family);
  const auto destination = to_prefix(selector.daddr, selector.prefixlen_d, selector.family);
  if (!source || !destination) {
    return std::nullopt;
  }
  PolicySelector result{.source = *source,
                        .destination = *destination,
                        .protocol = std::nullopt,
                        .source_port = {ntohs(selector.sport), ntohs(selector.sport_mask)},
                        .destination_port = {ntohs(selector.dport), ntohs(selector.dport_mask)},
                        .interface = static_cast<std::uint32_t>(selector.ifindex)};
  if (selector.proto != 0) {
    result.protocol = selector.proto;
  }
  return result;
}

Lifetime from_kernel(const xfrm_lifetime_cfg& lifetime) {
  return {.volume = {.soft_packets = lifetime.soft_packet_limit,
                     .soft_bytes = lifetime.soft_byte_limit,
                     .hard_packets = lifetime.hard_packet_limit,
                     .hard_bytes = lifetime.hard_byte_limit},
          .soft_seconds = lifetime.soft_add_expires_seconds,
          .hard_seconds = lifetime.hard_add_expires_seconds};
}

std::optional<DeviceOffload> to_device(ByteView value) {
  const auto offload = as_struct<xfrm_user_offload>(value);
  if (!offload) {
    return std::nullopt;
  }
  return DeviceOffload{.interface = static_cast<std::uint32_t>(offload->ifindex),
                       .packet = (offload->flags & offload_packet) != 0};
}

Mark to_mark(ByteView value) {
  const auto mark = as_struct<xfrm_mark>(value);
  return mark ? Mark{.value = mark->v, .mask = mark->m} : Mark{};
}

// What all of the kernel's structures for algorithms begin with. The keys behind it are left alone.
struct AlgorithmName {
  char text[sizeof(xfrm_algo::alg_name)];
};

std::string algorithm_name(ByteView value) {
  const auto name = as_struct<AlgorithmName>(value);
  return name ? std::string(std::begin(name->text),
                            std::find(std::begin(name->text), std::end(name->text), '\0'))
              : std::string();
}

// xfrm_replay_state_esn without its bitmap.
struct ReplayCounters {
  std::uint32_t bitmap_words;
  std::uint32_t oseq;
  std::uint32_t seq;
  std::uint32_t oseq_hi;
  std::uint32_t seq_hi;
  std::uint32_t replay_window;
};
static_assert(sizeof(ReplayCounters) == sizeof(xfrm_replay_state_esn));

void take_state_attribute(std::uint16_t type, ByteView value, KernelState& state) {
  switch (type) {
    case XFRMA_ALG_AEAD:
    case XFRMA_ALG_CRYPT:
      state.encryption = algorithm_name(value);
      break;
    case XFRMA_ALG_AUTH:
    case XFRMA_ALG_AUTH_TRUNC:
      state.integrity = algorithm_name(value);
      break;
    case XFRMA_REPLAY_VAL:
      if (const auto replay = as_struct<xfrm_replay_state>(value)) {
        state.outbound_sequence = replay->oseq;
        state.inbound_sequence = replay->seq;
      }
      break;
    case XFRMA_REPLAY_ESN_VAL:
      if (const auto replay = as_struct<ReplayCounters>(value)) {
        state.replay_window = replay->replay_window;
        state.outbound_sequence = (std::uint64_t{replay->oseq_hi} << 32) | replay->oseq;
        state.inbound_sequence = (std::uint64_t{replay->seq_hi} << 32) | replay->seq;
      }
      break;
    case XFRMA_ENCAP:
      if (const auto encapsulation = as_struct<xfrm_encap_tmpl>(value)) {
        state.encapsulation = driver::UdpEncapsulation{.source_port = ntohs(encapsulation->encap_sport),
                                                       .destination_port = ntohs(encapsulation->encap_dport)};
      }
      break;
    case XFRMA_MARK:
      state.id.mark = to_mark(value);
      break;
    case XFRMA_IF_ID:
      state.if_id = as_struct<std::uint32_t>(value).value_or(0);
      break;
    case XFRMA_OFFLOAD_DEV:
      state.device = to_device(value);
      break;
    default:
      break;
  }
}

std::optional<KernelState> to_state(const xfrm_usersa_info& info, ByteView attributes) {
  const auto destination = from_kernel(info.id.daddr, info.family);
  const auto source = from_kernel(info.saddr, info.family);
  const auto protocol = from_kernel_protocol(info.id.proto);
  const auto mode = from_kernel_mode(info.mode);
  if (!destination || !source || !protocol || !mode) {
    return std::nullopt;
  }
  KernelState state;
  state.id = {.destination = *destination, .spi = ntohl(info.id.spi), .protocol = *protocol, .mark = {}};
  state.source = *source;
  state.mode = *mode;
  state.reqid = info.reqid;
  state.esn = (info.flags & XFRM_STATE_ESN) != 0;
  state.replay_window = info.replay_window;
  state.lifetime = from_kernel(info.lft);
  state.packets = info.curlft.packets;
  state.bytes = info.curlft.bytes;
  state.added_at = info.curlft.add_time;
  state.first_used_at = info.curlft.use_time;
  state.replay_drops = info.stats.replay_window + info.stats.replay;
  state.integrity_drops = info.stats.integrity_failed;
  if (!for_each_attribute(attributes, [&state](std::uint16_t type, ByteView value) {
        take_state_attribute(type, value, state);
      })) {
    return std::nullopt;
  }
  return state;
}

std::optional<Template> from_kernel(const xfrm_user_tmpl& from) {
  const auto destination = from_kernel(from.id.daddr, from.family);
  const auto source = from_kernel(from.saddr, from.family);
  const auto protocol = from_kernel_protocol(from.id.proto);
  const auto mode = from_kernel_mode(from.mode);
  if (!destination || !source || !protocol || !mode) {
    return std::nullopt;
  }
  return Template{.source = *source,
                  .destination = *destination,
                  .protocol = *protocol,
                  .mode = *mode,
                  .reqid = from.reqid,
                  .optional = from.optional != 0};
}

std::optional<PolicyDirection> from_kernel_direction(std::uint8_t direction) {
  switch (direction) {
    case XFRM_POLICY_IN:
      return PolicyDirection::in;
    case XFRM_POLICY_OUT:
      return PolicyDirection::out;
    case XFRM_POLICY_FWD:
      return PolicyDirection::forward;
    default:  // of a socket
      return std::nullopt;
  }
}

// Templates of kinds that we do not know (IPComp) are left out: such a policy is not ours.
void take_templates(ByteView value, std::vector<Template>& templates) {
  Reader reader(value);
  while (const auto from = take_struct<xfrm_user_tmpl>(reader)) {
    if (const auto known = from_kernel(*from)) {
      templates.push_back(*known);
    }
  }
}

std::optional<KernelPolicy> to_policy(const xfrm_userpolicy_info& info, ByteView attributes) {
  const auto selector = from_kernel(info.sel);
  const auto direction = from_kernel_direction(info.dir);
  if (!selector || !direction) {
    return std::nullopt;
  }
  KernelPolicy policy;
  policy.id = {.direction = *direction, .selector = *selector, .mark = {}, .if_id = 0};
  policy.priority = info.priority;
  policy.block = info.action == XFRM_POLICY_BLOCK;
  policy.index = info.index;
  const bool whole = for_each_attribute(attributes, [&policy](std::uint16_t type, ByteView value) {
    if (type == XFRMA_TMPL) {
      take_templates(value, policy.templates);
    } else if (type == XFRMA_MARK) {
      policy.id.mark = to_mark(value);
    } else if (type == XFRMA_IF_ID) {
      policy.id.if_id = as_struct<std::uint32_t>(value).value_or(0);
    } else if (type == XFRMA_OFFLOAD_DEV) {
      policy.device = to_device(value);
    }
  });
  return whole ? std::optional(policy) : std::nullopt;
}

std::optional<Event> to_acquire(Reader& reader) {
  const auto body = take_struct<xfrm_user_acquire>(reader);
  if (!body) {
    return std::nullopt;
  }
  const auto selector = from_kernel(body->sel);
  if (!selector) {
    return std::nullopt;
  }
  // id and saddr are those of the template, or what it left open, filled in.
  Acquire acquire;
  acquire.packet = *selector;
  acquire.policy_index = body->policy.index;
  acquire.sequence = body->seq;
  std::vector<Template> templates;
  const bool whole = for_each_attribute(reader.take_rest(), [&](std::uint16_t type, ByteView value) {
    if (type == XFRMA_TMPL) {
      take_templates(value, templates);
    } else if (type == XFRMA_MARK) {
      acquire.mark = to_mark(value);
    } else if (type == XFRMA_IF_ID) {
      acquire.if_id = as_struct<std::uint32_t>(value).value_or(0);
    }
  });
  const auto wanted = std::ranges::find_if(
      templates, [&](const Template& t) { return static_cast<std::uint8_t>(t.protocol) == body->id.proto; });
  if (!whole || wanted == templates.end()) {
    return std::nullopt;
  }
  acquire.wanted = *wanted;
  return acquire;
}

std::optional<Event> to_expire(Reader& reader) {
  const auto body = take_struct<xfrm_user_expire>(reader);
  if (!body) {
    return std::nullopt;
  }
  const auto state = to_state(body->state, reader.take_rest());
  if (!state) {
    return std::nullopt;
  }
  return Expire{.id = state->id, .source = state->source, .reqid = state->reqid, .hard = body->hard != 0};
}

std::optional<StateId> to_state_id(const xfrm_usersa_id& id, ByteView attributes) {
  const auto destination = from_kernel(id.daddr, id.family);
  const auto protocol = from_kernel_protocol(id.proto);
  if (!destination || !protocol) {
    return std::nullopt;
  }
  StateId result{.destination = *destination, .spi = ntohl(id.spi), .protocol = *protocol, .mark = {}};
  if (!for_each_attribute(attributes, [&result](std::uint16_t type, ByteView value) {
        if (type == XFRMA_MARK) {
          result.mark = to_mark(value);
        }
      })) {
    return std::nullopt;
  }
  return result;
}

std::optional<Event> to_mapping(Reader& reader) {
  const auto body = take_struct<xfrm_user_mapping>(reader);
  if (!body) {
    return std::nullopt;
  }
  const auto id = to_state_id(body->id, {});
  const auto old_address = from_kernel(body->old_saddr, body->id.family);
  const auto new_address = from_kernel(body->new_saddr, body->id.family);
  if (!id || !old_address || !new_address) {
    return std::nullopt;
  }
  return Mapping{.id = *id,
                 .reqid = body->reqid,
                 .old_address = *old_address,
                 .new_address = *new_address,
                 .old_port = ntohs(body->old_sport),
                 .new_port = ntohs(body->new_sport)};
}

// The notice of a removal holds an identity, and in an attribute what was removed.
std::optional<Event> to_removed_state(Reader& reader) {
  const auto id = take_struct<xfrm_usersa_id>(reader);
  if (!id) {
    return std::nullopt;
  }
  const auto state = to_state_id(*id, reader.take_rest());
  if (!state) {
    return std::nullopt;
  }
  return ForeignChange{ForeignChange::What::state_removed, state, std::nullopt};
}

std::optional<Event> to_removed_policy(Reader& reader) {
  std::optional<KernelPolicy> policy;
  if (!take_struct<xfrm_userpolicy_id>(reader)) {
    return std::nullopt;
  }
  const ByteView attributes = reader.take_rest();
  for_each_attribute(attributes, [&](std::uint16_t type, ByteView value) {
    if (type == XFRMA_POLICY) {
      if (const auto info = as_struct<xfrm_userpolicy_info>(value)) {
        policy = to_policy(*info, attributes);
      }
    }
  });
  if (!policy) {
    return std::nullopt;
  }
  return ForeignChange{ForeignChange::What::policy_removed, std::nullopt, policy->id};
}

}  // namespace

std::optional<KernelState> decode_state(const Received& message) {
  const auto type = message.header.nlmsg_type;
  if (type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA) {
    return std::nullopt;
  }
  Reader reader(message.payload);
  const auto info = take_struct<xfrm_usersa_info>(reader);
  return info ? to_state(*info, reader.take_rest()) : std::nullopt;
}

std::optional<KernelPolicy> decode_policy(const Received& message) {
  const auto type = message.header.nlmsg_type;
  if (type != XFRM_MSG_NEWPOLICY && type != XFRM_MSG_UPDPOLICY) {
    return std::nullopt;
  }
  Reader reader(message.payload);
  const auto info = take_struct<xfrm_userpolicy_info>(reader);
  return info ? to_policy(*info, reader.take_rest()) : std::nullopt;
}

std::optional<Event> decode_event(const Received& message, std::uint32_t own_port) {
  using What = ForeignChange::What;
  Reader reader(message.payload);
  switch (message.header.nlmsg_type) {
    case XFRM_MSG_ACQUIRE:
      return to_acquire(reader);
    case XFRM_MSG_EXPIRE:
      return to_expire(reader);
    case XFRM_MSG_MAPPING:
      return to_mapping(reader);
    default:
      break;
  }
  if (message.header.nlmsg_pid == own_port) {
    return std::nullopt;
  }
  switch (message.header.nlmsg_type) {
    case XFRM_MSG_NEWSA:
    case XFRM_MSG_UPDSA:
      if (const auto state = decode_state(message)) {
        return ForeignChange{What::state_added, state->id, std::nullopt};
      }
      return std::nullopt;
    case XFRM_MSG_NEWPOLICY:
    case XFRM_MSG_UPDPOLICY:
      if (const auto policy = decode_policy(message)) {
        return ForeignChange{What::policy_added, std::nullopt, policy->id};
      }
      return std::nullopt;
    case XFRM_MSG_DELSA:
      return to_removed_state(reader);
    case XFRM_MSG_DELPOLICY:
      return to_removed_policy(reader);
    case XFRM_MSG_FLUSHSA:
    case XFRM_MSG_FLUSHPOLICY:
      return ForeignChange{What::flushed, std::nullopt, std::nullopt};
    default:
      return std::nullopt;
  }
}

}  // namespace espgate::offload::xfrm
