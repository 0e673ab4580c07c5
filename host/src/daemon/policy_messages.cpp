#include "daemon/policy_messages.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace espgate::host::daemon {

namespace {

// nullopt when the key is not there.
Expected<std::optional<std::uint16_t>> parse_number(const vici::Message& request, std::string_view key,
                                                    std::uint16_t most) {
  const std::string* text = request.find(key);
  if (text == nullptr) {
    return std::nullopt;
  }
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value > most) {
    return fail(fmt::format("{}: '{}' is no number from 0 to {}", key, *text, most));
  }
  return value;
}

Expected<IpAddress> parse_address(const vici::Message& request, std::string_view key) {
  const auto address = IpAddress::parse(request.value(key));
  if (!address) {
    return fail(fmt::format("{}: '{}' is no IP address", key, request.value(key)));
  }
  return *address;
}

bool is_icmp(std::uint8_t protocol) {
  return protocol == 1 || protocol == 58;
}

// ICMP's type and code stand where the ports of others do.
Expected<> parse_ports(const vici::Message& request, offload::PacketFields& packet) {
  constexpr std::uint16_t byte = std::numeric_limits<std::uint8_t>::max();
  constexpr std::uint16_t word = std::numeric_limits<std::uint16_t>::max();
  const bool icmp = is_icmp(packet.protocol);
  const auto first = parse_number(request, icmp ? "icmp-type" : "sport", icmp ? byte : word);
  const auto second = parse_number(request, icmp ? "icmp-code" : "dport", icmp ? byte : word);
  if (!first || !second) {
    return std::unexpected(!first ? first.error() : second.error());
  }
  if (!icmp && (request.find("icmp-type") != nullptr || request.find("icmp-code") != nullptr)) {
    return fail(fmt::format("icmp-type and icmp-code: protocol {} has none", packet.protocol));
  }
  if (icmp && (request.find("sport") != nullptr || request.find("dport") != nullptr)) {
    return fail("sport and dport: ICMP has none; use icmp-type and icmp-code");
  }
  const auto& upper = *first;
  const auto& lower = *second;
  if (!upper && !lower) {
    return {};
  }
  if (!offload::has_ports(packet.protocol)) {
    return fail(fmt::format("sport and dport: protocol {} has no ports", packet.protocol));
  }
  if (!upper || (!icmp && !lower)) {
    return fail(icmp ? "icmp-type is missing"
                     : "sport and dport go together: a packet shows both or neither");
  }
  if (icmp) {
    const auto value = static_cast<std::uint16_t>(*upper * 256 + lower.value_or(0));
    packet.source_port = packet.destination_port = value;
  } else {
    packet.source_port = upper;
    packet.destination_port = lower;
  }
  return {};
}

std::string_view to_text(offload::Action action) {
  switch (action) {
    case offload::Action::protect:
      return "protect";
    case offload::Action::bypass:
      return "bypass";
    case offload::Action::discard:
      return "discard";
  }
  return "unknown";
}

}  // namespace

Expected<PolicyQuestion> PolicyQuestion::parse(const vici::Message& request) {
  PolicyQuestion question;
  const std::string_view direction = request.value("dir");
  if (!direction.empty() && direction != "out" && direction != "in") {
    return fail(fmt::format("dir: '{}' is neither out nor in", direction));
  }
  question.inbound = direction == "in";
  const auto source = parse_address(request, "src");
  const auto destination = parse_address(request, "dst");
  if (!source || !destination) {
    return std::unexpected(!source ? source.error() : destination.error());
  }
  if (source->family() != destination->family()) {
    return fail("src and dst: a packet has addresses of one family");
  }
  const auto protocol = parse_number(request, "proto", std::numeric_limits<std::uint8_t>::max());
  if (!protocol) {
    return std::unexpected(protocol.error());
  }
  const auto& number = *protocol;
  if (!number) {
    return fail("proto: the number of the packet's protocol is needed (6 TCP, 17 UDP, 1 ICMP)");
  }
  question.packet.source = *source;
  question.packet.destination = *destination;
  question.packet.protocol = static_cast<std::uint8_t>(*number);
  if (auto ports = parse_ports(request, question.packet); !ports) {
    return std::unexpected(ports.error());
  }
  return question;
}

vici::Message to_message(const offload::SpdMatch& match, bool inbound) {
  using offload::SpdReason;
  vici::Message answer;
  answer.set("success", "yes");
  // RFC 4301 section 5.2: what ought to be protected and arrives in the clear is dropped.
  const bool clear = inbound && match.entry != nullptr && match.entry->action == offload::Action::protect;
  const auto action = match.entry == nullptr || clear ? offload::Action::discard : match.entry->action;
  answer.set("verdict", std::string(to_text(action)));
  switch (match.reason) {
    case SpdReason::matched:
      answer.set("reason", clear ? "clear" : "matched");
      answer.set("entry", match.entry->name);
      answer.set_number("position", match.position + 1);
      answer.set("selector", to_string(*match.selector));
      answer.set("explanation",
                 clear
                     ? fmt::format("it came in the clear, and '{}' protects such packets", match.entry->name)
                     : fmt::format("'{}' is the first entry that matches", match.entry->name));
      break;
    case SpdReason::no_entry:
      answer.set("reason", "no-entry");
      answer.set("explanation", "no entry matches, and what no entry matches is discarded");
      break;
    case SpdReason::fragment_unsure:
      answer.set("reason", "fragment-unsure");
      answer.set("entry", match.doubt->name);
      answer.set(
          "explanation",
          fmt::format("it shows no ports, and '{}' might have protected or discarded the packet that it "
                      "is a part of",
                      match.doubt->name));
      break;
  }
  return answer;
}

}  // namespace espgate::host::daemon
