// The output of `ip xfrm state` (iproute2 6.1): an SA begins with a line that is not indented, and what
// follows of it is. Lines that say nothing to an engine are passed over.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "replay/sa_reader.h"
#include "replay/sa_text.h"

namespace espgate::host::replay {
namespace {

constexpr unsigned icv_bits = 128;

// One SA as it is read.
struct Draft {
  SaDescription sa{.encapsulation_known = true};
  std::size_t line = 0;
  bool has_spi = false;
  bool has_key = false;
  bool any_family = false;  // of the inner packets
  std::string refused;      // why no engine has it
  // With ESN, the kernel's counters in halves.
  std::uint64_t sequence = 0;
  std::uint64_t sequence_high = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_high = 0;
};

std::unexpected<Error> at_line(std::size_t line, const std::string& what) {
  return fail(fmt::format("line {}: {}", line, what));
}

std::string_view without_comma(std::string_view word) {
  return word.ends_with(',') ? word.substr(0, word.size() - 1) : word;
}

std::optional<std::uint8_t> protocol_in(std::string_view text) {
  static const std::map<std::string_view, std::uint8_t> names{{"icmp", 1},
                                                              {"tcp", 6},
                                                              {"udp", 17},
                                                              {"dccp", 33},
                                                              {"ipv6-icmp", 58},
                                                              {"sctp", 132},
                                                              {"mobility-header", 135},
                                                              {"udplite", 136},
                                                              {"ipv6-mh", 135}};
  if (const auto name = names.find(text); name != names.end()) {
    return name->second;
  }
  const auto number = number_in(text, UINT8_MAX);
  return number ? std::optional(static_cast<std::uint8_t>(*number)) : std::nullopt;
}

class XfrmReader {
 public:
  Expected<SaList> read(std::string_view text) {
    for (m_line = 1; !text.empty(); ++m_line) {
      const std::string_view line = take_line(text);
      if (without_blanks(line).empty()) {
        continue;
      }
      const bool indented = line.starts_with(' ') || line.starts_with('\t');
      auto done = indented ? detail(line) : begin(line);
      if (!done) {
        return std::unexpected(done.error());
      }
    }
    if (auto done = end(); !done) {
      return std::unexpected(done.error());
    }
    return std::move(m_list);
  }

 private:
  Expected<> begin(std::string_view line) {
    if (auto done = end(); !done) {
      return done;
    }
    m_draft = Draft{};
    m_open = true;
    m_draft.line = m_line;
    const std::string_view src = take_word(line);
    m_draft.sa.source = IpAddress::parse(take_word(line));
    const std::string_view dst = take_word(line);
    m_draft.sa.destination = IpAddress::parse(take_word(line));
    if (src != "src" || dst != "dst" || !m_draft.sa.source || !m_draft.sa.destination) {
      return at_line(m_line, "an SA begins with 'src ADDRESS dst ADDRESS'");
    }
    return {};
  }

  Expected<> detail(std::string_view line) {
    if (!m_open) {
      return at_line(m_line, "there is no SA that this line could belong to");
    }
    const std::string_view first = take_word(line);
    if (first == "proto") {
      return identity(line);
    }
    if (first == "replay-window") {
      return options(line);
    }
    if (first == "aead") {
      return cipher(line);
    }
    if (first == "enc" || first == "auth" || first == "auth-trunc" || first == "comp") {
      m_draft.refused = fmt::format("no engine has '{} {}'", first, take_word(line));
      return {};
    }
    if (first == "encap") {
      return encapsulation(line);
    }
    if (first == "anti-replay") {  // context: seq …, oseq …; with ESN the numbers stand on the next line
      take_word(line);
      return sequence(take_word(line), line);
    }
    if (first == "seq-hi" || first == "seq") {
      return sequence(first, line);
    }
    if (first == "replay_window") {
      return window(without_comma(take_word(line)));
    }
    if (first == "sel") {
      return selectors(line);
    }
    return {};
  }

  // proto esp spi 0x… reqid … mode tunnel
  Expected<> identity(std::string_view line) {
    const std::string_view protocol = take_word(line);
    if (protocol != "esp") {
      m_draft.refused = fmt::format("it is '{}', not ESP", protocol);
    }
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      if (word == "spi") {
        std::string_view value = take_word(line);
        value = value.substr(0, value.find('('));
        const auto spi = number_in(value, UINT32_MAX);
        if (!spi) {
          return at_line(m_line, fmt::format("'{}' is no SPI", value));
        }
        m_draft.sa.spi = static_cast<std::uint32_t>(*spi);
        m_draft.has_spi = true;
      } else if (word == "mode") {
        const std::string_view mode = take_word(line);
        if (mode == "transport") {
          m_draft.sa.mode = driver::Mode::transport;
        } else if (mode != "tunnel") {
          m_draft.refused = fmt::format("no engine has mode '{}'", mode);
        }
      }
    }
    return {};
  }

  // replay-window N [seq …] flag …
  Expected<> options(std::string_view line) {
    if (auto done = window(take_word(line)); !done) {
      return done;
    }
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      if (word == "esn") {
        m_draft.sa.esn = true;
      } else if (word == "af-unspec") {
        m_draft.any_family = true;
      } else if (word == "nopmtudisc") {
        m_draft.sa.df = driver::DfPolicy::clear;
      }
    }
    return {};
  }

  Expected<> window(std::string_view word) {
    const auto packets = number_in(word, UINT16_MAX);
    if (!packets) {
      return at_line(m_line, fmt::format("'{}' is no replay window", word));
    }
    // With ESN the window is 0 on the SA's own line, and right in the context that follows.
    m_draft.sa.replay_check = *packets != 0;
    m_draft.sa.replay_window = std::max(driver::smallest_replay_window, static_cast<std::uint16_t>(*packets));
    return {};
  }

  // aead rfc4106(gcm(aes)) 0x… 128
  Expected<> cipher(std::string_view line) {
    const std::string_view name = take_word(line);
    const std::string_view key = take_word(line);
    const std::string_view bits = take_word(line);
    if (name == "rfc4543(gcm(aes))") {
      m_draft.sa.cipher = driver::Cipher::null_aes_gmac;
    } else if (name != "rfc4106(gcm(aes))") {
      m_draft.refused = fmt::format("no engine has '{}'", name);
      return {};
    }
    if (!key.starts_with("0x")) {
      return at_line(m_line, "the key is hidden: run 'ip xfrm state' as root, without 'nokeys'");
    }
    if (number_in(bits, UINT16_MAX) != icv_bits) {
      m_draft.refused = fmt::format("no engine has an ICV of {} bits", bits);
      return {};
    }
    const auto secret = key_in(key);
    if (!secret) {
      return at_line(m_line, "the key must be 20 or 36 bytes in hexadecimal digits, salt included");
    }
    m_draft.sa.key = *secret;
    m_draft.has_key = true;
    return {};
  }

  // encap type espinudp sport 4500 dport 4500 addr …
  Expected<> encapsulation(std::string_view line) {
    driver::UdpEncapsulation ports;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      const std::string_view value = take_word(line);
      if (word == "type" && value != "espinudp") {
        m_draft.refused = fmt::format("no engine has encapsulation '{}'", value);
      } else if (word == "sport" || word == "dport") {
        const auto port = number_in(value, UINT16_MAX);
        if (!port) {
          return at_line(m_line, fmt::format("'{}' is no port", value));
        }
        (word == "sport" ? ports.source_port : ports.destination_port) = static_cast<std::uint16_t>(*port);
      }
    }
    m_draft.sa.encapsulation = ports;
    return {};
  }

  // seq 0x…, oseq 0x…, bitmap …; or seq-hi 0x…, seq 0x…, oseq-hi 0x…, oseq 0x…
  Expected<> sequence(std::string_view name, std::string_view line) {
    for (; !name.empty(); name = take_word(line)) {
      std::uint64_t* to = name == "seq"       ? &m_draft.sequence
                          : name == "seq-hi"  ? &m_draft.sequence_high
                          : name == "oseq"    ? &m_draft.sent
                          : name == "oseq-hi" ? &m_draft.sent_high
                                              : nullptr;
      const std::string_view value = without_comma(take_word(line));
      if (to == nullptr) {
        continue;
      }
      const auto number = number_in(value, UINT32_MAX);
      if (!number) {
        return at_line(m_line, fmt::format("'{}' is no sequence number", value));
      }
      *to = *number;
    }
    return {};
  }

  // sel src PREFIX dst PREFIX [proto P] [sport N] [dport N] …
  Expected<> selectors(std::string_view line) {
    if (!m_draft.sa.destination) {
      return at_line(m_line, "selectors without the SA's addresses before them");
    }
    driver::InboundSelectors s;
    s.source = s.destination = IpRange::whole(m_draft.sa.destination->family());
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      const std::string_view value = take_word(line);
      if (word == "src" || word == "dst") {
        const auto range = IpRange::parse(value);
        if (!range) {
          return at_line(m_line, fmt::format("'{}' is no range of addresses", value));
        }
        (word == "src" ? s.source : s.destination) = *range;
      } else if (word == "proto") {
        s.protocol = protocol_in(value);
        if (!s.protocol) {
          return at_line(m_line, fmt::format("protocol '{}' is not known; give its number", value));
        }
      } else if (word == "sport" || word == "dport") {
        const auto port = number_in(value, UINT16_MAX);
        if (!port) {
          return at_line(m_line, fmt::format("'{}' is no port", value));
        }
        const auto number = static_cast<std::uint16_t>(*port);
        if (word == "sport") {
          s.source_port_first = s.source_port_last = number;
        } else {
          s.destination_port_first = s.destination_port_last = number;
        }
      }
    }
    if (s.source.first.family() != s.destination.first.family()) {
      return at_line(m_line, "the selectors are of two families");
    }
    m_draft.sa.selectors = s;
    return {};
  }

  Expected<> end() {
    if (!m_open) {
      return {};
    }
    Draft draft = std::exchange(m_draft, Draft{});
    m_open = false;
    if (m_list.sas.size() + m_list.skipped.size() == max_sas) {
      return fail(fmt::format("more than {} SAs", max_sas));
    }
    if (!draft.has_spi) {
      return at_line(draft.line, "the SA has no line 'proto esp spi …'");
    }
    if (draft.refused.empty() && !draft.has_key) {
      draft.refused = "it has no 'aead' line, and so no key";
    }
    if (!draft.refused.empty()) {
      m_list.skipped.push_back(fmt::format("SA {:#010x}: {}", draft.sa.spi, draft.refused));
      return {};
    }
    if (draft.any_family) {
      draft.sa.selectors.reset();
    }
    const std::uint64_t sent = draft.sa.esn ? draft.sent_high << 32U | draft.sent : draft.sent;
    draft.sa.next_sequence = sent + 1;
    // The capture was taken before or after the state was printed. Only the high half can be taken from it.
    draft.sa.replay_top = draft.sa.esn ? draft.sequence_high << 32U : 0;
    m_list.sas.push_back(std::move(draft.sa));
    return {};
  }

  SaList m_list;
  Draft m_draft;
  bool m_open = false;  // an SA has begun in m_draft
  std::size_t m_line = 0;
};

}  // namespace

Expected<SaList> read_xfrm_state(std::string_view text) {
  return XfrmReader().read(text);
}

}  // namespace espgate::host::replay
