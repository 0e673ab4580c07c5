#include "daemon/sa_messages.h"

#include <fmt/format.h>

#include <chrono>

namespace espgate::host::daemon {
namespace {

using vici::Message;

void set_seconds_since(Message& message, std::string_view key, ike::Instant then, ike::Instant now) {
  const auto passed =
      std::chrono::duration_cast<std::chrono::seconds>(now > then ? now - then : ike::Instant{});
  message.set_number(key, static_cast<std::uint64_t>(passed.count()));
}

// Presence alone means true to swanctl, so that a flag that is off is left out.
void set_flag(Message& message, std::string_view key, bool value) {
  if (value) {
    message.set(key, "yes");
  }
}

template <typename Proposal>
void set_ciphers(Message& message, const Proposal& proposal) {
  if (!proposal.encryption.empty()) {
    message.set("encr-alg", std::string(to_string(proposal.encryption.front().algorithm)));
    if (const std::uint16_t bits = proposal.encryption.front().key_bits; bits != 0) {
      message.set_number("encr-keysize", bits);
    }
  }
  if (!proposal.integrity.empty()) {
    message.set("integ-alg", std::string(to_string(proposal.integrity.front())));
  }
}

std::vector<std::string> texts(const std::vector<ike::TrafficSelector>& selectors) {
  std::vector<std::string> all;
  all.reserve(selectors.size());
  for (const ike::TrafficSelector& selector : selectors) {
    all.push_back(selector.to_string());
  }
  return all;
}

// strongSwan's names of the states.
std::string_view name_of(ike::IkeSaState state) {
  switch (state) {
    case ike::IkeSaState::connecting:
      return "CONNECTING";
    case ike::IkeSaState::established:
      return "ESTABLISHED";
    case ike::IkeSaState::rekeyed:
      return "REKEYED";
    case ike::IkeSaState::deleting:
      return "DELETING";
  }
  return "CONNECTING";
}
std::string_view name_of(ike::ChildSaState state) {
  switch (state) {
    case ike::ChildSaState::installed:
      return "INSTALLED";
    case ike::ChildSaState::rekeying:
      return "REKEYING";
    case ike::ChildSaState::rekeyed:
      return "REKEYED";
    case ike::ChildSaState::deleting:
      return "DELETING";
  }
  return "INSTALLED";
}

// Seconds from now; left out when it never comes.
void set_seconds_until(Message& message, std::string_view key, const std::optional<ike::Instant>& then,
                       ike::Instant now) {
  if (then) {
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(*then > now ? *then - now : ike::Instant{});
    message.set_number(key, static_cast<std::uint64_t>(left.count()));
  }
}

}  // namespace

Message to_ike_message(const ike::IkeSaView& sa, const SaContext& context) {
  Message message;
  message.set_number("uniqueid", sa.id).set("version", "2").set("state", std::string(name_of(sa.state)));
  message.set("local-host", sa.local.address.to_string()).set_number("local-port", sa.local.port);
  message.set("local-id", sa.local_id.to_string());
  message.set("remote-host", sa.remote.address.to_string()).set_number("remote-port", sa.remote.port);
  message.set("remote-id", sa.remote_id.to_string());
  set_flag(message, "initiator", sa.initiator);
  message.set("initiator-spi", fmt::format("{:016x}", sa.initiator_spi));
  message.set("responder-spi", fmt::format("{:016x}", sa.responder_spi));
  set_flag(message, "nat-local", sa.nat_local);
  set_flag(message, "nat-remote", sa.nat_remote);
  set_flag(message, "nat-any", sa.nat_local || sa.nat_remote);
  set_ciphers(message, sa.proposal);
  if (!sa.proposal.prf.empty()) {
    message.set("prf-alg", std::string(to_string(sa.proposal.prf.front())));
  }
  if (!sa.proposal.groups.empty()) {
    message.set("dh-group", std::string(to_string(sa.proposal.groups.front())));
  }
  if (sa.state != ike::IkeSaState::connecting) {
    set_seconds_since(message, "established", sa.established, context.now);
    set_seconds_until(message, "rekey-time", sa.rekey_at, context.now);
  }
  return message;
}

void add_child(Message& child_sas, const ike::IkeSaView& sa, const ike::ChildSaView& child,
               const SaContext& context) {
  Message& message = child_sas.section(fmt::format("{}-{}", child.name, child.id));
  message.set("name", child.name).set_number("uniqueid", child.id);
  message.set_number("reqid", context.reqid ? context.reqid(sa.connection, child.name) : 0);
  message.set("state", std::string(name_of(child.state)))
      .set("mode", "TUNNEL")
      .set("protocol", child.proposal.protocol == ike::ChildProtocol::ah ? "AH" : "ESP");
  set_flag(message, "encap", child.udp_encapsulation);
  message.set("spi-in", fmt::format("{:08x}", child.inbound_spi));
  message.set("spi-out", fmt::format("{:08x}", child.outbound_spi));
  set_ciphers(message, child.proposal);
  if (child.esn) {
    message.set("esn", "1");
  }
  const auto found = context.statistics.find(child.id);
  const offload::ChildSaStatistics none;
  const offload::ChildSaStatistics& statistics = found == context.statistics.end() ? none : found->second;
  message.set_number("bytes-in", statistics.inbound.bytes)
      .set_number("packets-in", statistics.inbound.packets);
  message.set_number("bytes-out", statistics.outbound.bytes)
      .set_number("packets-out", statistics.outbound.packets);
  if (!child.proposal.groups.empty()) {
    message.set("dh-group", std::string(to_string(child.proposal.groups.front())));
  }
  set_seconds_since(message, "install-time", child.installed, context.now);
  set_seconds_until(message, "rekey-time", child.rekey_at, context.now);
  set_seconds_until(message, "life-time", child.expires_at, context.now);
  message.set_list("local-ts", texts(child.local_ts)).set_list("remote-ts", texts(child.remote_ts));
  const auto placed = context.placed.find(child.id);
  message.set("offload", placed == context.placed.end() ? "none" : placed->second.offload);
  if (placed != context.placed.end() && !placed->second.reason.empty()) {
    message.set("offload-reason", placed->second.reason);
  }
}

Message to_message(const ike::IkeSaView& sa, const SaContext& context) {
  Message event;
  Message& section = event.section(sa.connection);
  section = to_ike_message(sa, context);
  Message child_sas;
  for (const ike::ChildSaView& child : sa.children) {
    add_child(child_sas, sa, child, context);
  }
  // Last, and present even when it is empty: swanctl prints the IKE SA when it comes to it.
  section.section("child-sas") = std::move(child_sas);
  return event;
}

}  // namespace espgate::host::daemon
