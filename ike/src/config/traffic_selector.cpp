// Traffic selectors as text and as sets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ike/config.h"

namespace espgate::ike {
namespace {

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
// IANA protocol numbers that one writes in selectors.
constexpr std::array protocol_names{
    ProtocolName{"any", 0},    ProtocolName{"icmp", 1}, ProtocolName{"tcp", 6},
    ProtocolName{"udp", 17},   ProtocolName{"gre", 47}, ProtocolName{"ipv6-icmp", 58},
    ProtocolName{"sctp", 132},
};

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint8_t> parse_protocol(std::string_view text) {
  for (const ProtocolName& known : protocol_names) {
    if (known.name == text) {
      return known.number;
    }
  }
  return parse_number<std::uint8_t>(text);
}

bool has_ports(std::uint8_t protocol) {
  constexpr std::array<std::uint8_t, 5> with_ports{6, 17, 33, 132, 136};
  return std::ranges::find(with_ports, protocol) != with_ports.end();
}

bool is_icmp(std::uint8_t protocol) {
  return protocol == 1 || protocol == 58;
}

// "8", "3(1)", "3(1-4)": the type above the code (RFC 7296 section 3.13.1).
bool parse_icmp(std::string_view text, TrafficSelector& selector) {
  const std::size_t open = text.find('(');
  const auto type = parse_number<std::uint8_t>(text.substr(0, open));
  std::optional<std::uint8_t> first{0};
  std::optional<std::uint8_t> last{255};
  if (open != std::string_view::npos) {
    if (!text.ends_with(')')) {
      return false;
    }
    const std::string_view codes = text.substr(open + 1, text.size() - open - 2);
    const std::size_t dash = codes.find('-');
    first = parse_number<std::uint8_t>(codes.substr(0, dash));
    last = dash == std::string_view::npos ? first : parse_number<std::uint8_t>(codes.substr(dash + 1));
  }
  if (!type || !first || !last || *last < *first) {
    return false;
  }
  selector.first_port = static_cast<std::uint16_t>(*type << 8U | *first);
  selector.last_port = static_cast<std::uint16_t>(*type << 8U | *last);
  return true;
}

// What parse_icmp() reads; nullopt when the range spans types.
std::optional<std::string> icmp_text(std::uint16_t first, std::uint16_t last) {
  if (first >> 8U != last >> 8U) {
    return std::nullopt;
  }
  const int first_code = first & 0xff;
  const int last_code = last & 0xff;
  if (first_code == 0 && last_code == 255) {
    return fmt::format("/{}", first >> 8U);
  }
  return first_code == last_code ? fmt::format("/{}({})", first >> 8U, first_code)
                                 : fmt::format("/{}({}-{})", first >> 8U, first_code, last_code);
}

// "tcp/80", "udp", "tcp/1024-2047", "icmp/8", "udp/opaque"
Expected<> parse_restriction(std::string_view whole, std::string_view text, TrafficSelector& selector) {
  const std::size_t slash = text.find('/');
  const auto protocol = parse_protocol(text.substr(0, slash));
  if (!protocol) {
    return fail(fmt::format("traffic selector '{}': unknown protocol '{}'", whole, text.substr(0, slash)));
  }
  selector.protocol = *protocol;
  if (slash == std::string_view::npos) {
    return {};
  }
  const std::string_view ports = text.substr(slash + 1);
  if (ports == "opaque") {
    selector.first_port = 65535;
    selector.last_port = 0;
    return {};
  }
  if (is_icmp(*protocol)) {
    if (!parse_icmp(ports, selector)) {
      return fail(fmt::format(
          "traffic selector '{}': '{}' is no ICMP type, and no type with a code or a range of codes", whole,
          ports));
    }
    return {};
  }
  if (!has_ports(*protocol)) {
    return fail(fmt::format("traffic selector '{}': protocol {} has no ports", whole, text.substr(0, slash)));
  }
  const std::size_t dash = ports.find('-');
  const auto first = parse_number<std::uint16_t>(ports.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parse_number<std::uint16_t>(ports.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return fail(
        fmt::format("traffic selector '{}': '{}' is neither a port nor a range of ports", whole, ports));
  }
  selector.first_port = *first;
  selector.last_port = *last;
  return {};
}

}  // namespace

Expected<TrafficSelector> TrafficSelector::parse(std::string_view text) {
  TrafficSelector selector;
  const std::size_t bracket = text.find('[');
  const std::string_view address = text.substr(0, bracket);
  const auto range = IpRange::parse(address);
  if (!range) {
    return fail(fmt::format("traffic selector '{}': '{}' is neither an address, a prefix nor a range", text,
                            address));
  }
  selector.addresses = *range;
  if (bracket != std::string_view::npos) {
    std::string_view restriction = text.substr(bracket + 1);
    if (!restriction.ends_with(']')) {
      return fail(fmt::format("traffic selector '{}': ']' is missing at the end", text));
    }
    restriction.remove_suffix(1);
    if (const auto parsed = parse_restriction(text, restriction, selector); !parsed) {
      return std::unexpected(parsed.error());
    }
  }
  return selector;
}

std::string TrafficSelector::to_string() const {
  std::string text = addresses.to_string();
  const bool any_port = first_port == 0 && last_port == 65535;
  if (protocol == 0 && any_port) {
    return text;
  }
  const auto* const name = std::ranges::find(protocol_names, protocol, &ProtocolName::number);
  text += '[';
  text += name == protocol_names.end() ? std::to_string(protocol) : std::string(name->name);
  const auto icmp = is_icmp(protocol) && !is_opaque() ? icmp_text(first_port, last_port) : std::nullopt;
  if (is_opaque()) {
    text += "/opaque";
  } else if (!any_port && icmp) {
    text += *icmp;
  } else if (!any_port) {
    text += first_port == last_port ? fmt::format("/{}", first_port)
                                    : fmt::format("/{}-{}", first_port, last_port);
  }
  return text + ']';
}

std::optional<TrafficSelector> TrafficSelector::intersect(const TrafficSelector& other) const {
  const auto common = addresses.intersect(other.addresses);
  const auto takes_opaque = [](const TrafficSelector& s) {
    return s.is_opaque() || (s.first_port == 0 && s.last_port == 65535);
  };
  const std::uint16_t first = std::max(first_port, other.first_port);
  const std::uint16_t last = std::min(last_port, other.last_port);
  const bool opaque = is_opaque() || other.is_opaque();
  const bool ports_meet = opaque ? takes_opaque(*this) && takes_opaque(other) : first <= last;
  if (!common || !ports_meet || (protocol != 0 && other.protocol != 0 && protocol != other.protocol)) {
    return std::nullopt;
  }
  return TrafficSelector{*common, std::max(protocol, other.protocol), first, last};
}

}  // namespace espgate::ike
