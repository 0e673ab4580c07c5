// Our own format: {"sas": [{"spi": …, …}, …]}. Keys that are not known are refused, so that a misspelt one
// does not quietly become a default.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "replay/sa_reader.h"
#include "replay/sa_text.h"

namespace espgate::host::replay {
namespace {

using Json = nlohmann::json;

// Reads the keys of one object and remembers which there are.
class Object {
 public:
  explicit Object(Json& json) : m_json(json) {}

  bool has(const char* key) { return m_json.contains(key); }

  template <typename T>
  void number(const char* key, T& to, std::uint64_t largest) {
    Json* value = find(key);
    if (value == nullptr) {
      return;
    }
    std::optional<std::uint64_t> number;
    if (value->is_number_unsigned()) {
      number = value->get<std::uint64_t>();
    } else if (value->is_string()) {
      number = number_in(value->get_ref<const std::string&>());
    }
    if (!number || *number > largest) {
      return wrong(fmt::format("'{}' is no number from 0 to {}", key, largest));
    }
    to = static_cast<T>(*number);
  }

  void flag(const char* key, bool& to) {
    Json* value = find(key);
    if (value == nullptr) {
      return;
    }
    if (!value->is_boolean()) {
      return wrong(fmt::format("'{}' is neither true nor false", key));
    }
    to = value->get<bool>();
  }

  // Empty when it is not there.
  std::string text(const char* key) {
    Json* value = find(key);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      wrong(fmt::format("'{}' is no string", key));
      return {};
    }
    return value->get<std::string>();
  }

  void address(const char* key, std::optional<IpAddress>& to) {
    const std::string value = text(key);
    if (value.empty() || value == "*") {
      return;
    }
    to = IpAddress::parse(value);
    if (!to) {
      wrong(fmt::format("'{}': '{}' is no IP address", key, value));
    }
  }

  void range(const char* key, IpRange& to) {
    const std::string value = text(key);
    const auto range = value.empty() ? std::nullopt : IpRange::parse(value);
    if (range) {
      to = *range;
    } else if (!value.empty()) {
      wrong(fmt::format("'{}': '{}' is no range of addresses", key, value));
    }
  }

  // "80", "80-90", "any" or "opaque"
  void ports(const char* key, std::uint16_t& first, std::uint16_t& last) {
    const std::string value = text(key);
    if (value.empty() || value == "any") {
      return;
    }
    if (value == "opaque") {
      first = UINT16_MAX;
      last = 0;
      return;
    }
    const std::size_t dash = value.find('-');
    const auto low = number_in(std::string_view(value).substr(0, dash), UINT16_MAX);
    const auto high =
        dash == std::string::npos ? low : number_in(std::string_view(value).substr(dash + 1), UINT16_MAX);
    if (!low || !high || *low > *high) {
      return wrong(fmt::format("'{}': '{}' is no port, range of ports, 'any' or 'opaque'", key, value));
    }
    first = static_cast<std::uint16_t>(*low);
    last = static_cast<std::uint16_t>(*high);
  }

  // Key material; what the JSON library holds of it is wiped.
  void key(const char* name, driver::AesGcmKey& to) {
    Json* value = find(name);
    if (value == nullptr || !value->is_string()) {
      return wrong(fmt::format("'{}' is missing, or no string", name));
    }
    auto& digits = value->get_ref<std::string&>();
    const auto secret = key_in(digits);
    wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
    if (!secret) {
      return wrong(fmt::format("'{}' is not 20 or 36 bytes in hexadecimal digits, salt included", name));
    }
    to = *secret;
  }

  // nullptr when it is not there.
  Json* object(const char* key) {
    Json* value = find(key);
    if (value != nullptr && !value->is_object()) {
      wrong(fmt::format("'{}' is no object", key));
      return nullptr;
    }
    return value;
  }

  void wrong(std::string message) {
    if (m_error.empty()) {
      m_error = std::move(message);
    }
  }
  // The first mistake, a key that nobody asked for included.
  Expected<> finish() {
    for (const auto& [key, value] : m_json.items()) {
      if (!m_known.contains(key)) {
        wrong(fmt::format("'{}' is no key that is known here", key));
      }
    }
    return m_error.empty() ? Expected<>{} : fail(m_error);
  }

 private:
  Json* find(const char* key) {
    m_known.insert(key);
    const auto found = m_json.find(key);
    return found == m_json.end() ? nullptr : &*found;
  }

  Json& m_json;
  std::set<std::string> m_known;
  std::string m_error;
};

// `choices` maps each name to its value.
template <typename T>
void choose(Object& object, const char* key, T& to,
            std::initializer_list<std::pair<std::string_view, std::type_identity_t<T>>> choices) {
  const std::string name = object.text(key);
  if (name.empty()) {
    return;
  }
  for (const auto& [known, value] : choices) {
    if (name == known) {
      to = value;
      return;
    }
  }
  object.wrong(fmt::format("'{}': '{}' is not known", key, name));
}

void read_selectors(Object& sa, SaDescription& to) {
  Json* json = sa.object("selectors");
  if (json == nullptr) {
    return;
  }
  Object object(*json);
  driver::InboundSelectors s;
  s.source = s.destination = IpRange::whole(to.destination ? to.destination->family() : IpFamily::v4);
  object.range("source", s.source);
  object.range("destination", s.destination);
  if (object.has("protocol")) {
    std::uint8_t protocol = 0;
    object.number("protocol", protocol, UINT8_MAX);
    s.protocol = protocol;
  }
  object.ports("source_ports", s.source_port_first, s.source_port_last);
  object.ports("destination_ports", s.destination_port_first, s.destination_port_last);
  if (auto read = object.finish(); !read) {
    return sa.wrong("selectors: " + read.error().message);
  }
  to.selectors = s;
}

void read_encapsulation(Object& sa, SaDescription& to) {
  to.encapsulation_known = true;
  Json* json = sa.object("udp_encapsulation");
  if (json == nullptr) {
    return;
  }
  Object object(*json);
  driver::UdpEncapsulation ports;
  object.number("source_port", ports.source_port, UINT16_MAX);
  object.number("destination_port", ports.destination_port, UINT16_MAX);
  if (auto read = object.finish(); !read) {
    return sa.wrong("udp_encapsulation: " + read.error().message);
  }
  to.encapsulation = ports;
}

Expected<SaDescription> read_one(Json& json) {
  if (!json.is_object()) {
    return fail("not an object");
  }
  using driver::Direction;
  SaDescription sa;
  Object object(json);
  choose(object, "direction", sa.direction,
         {{"outbound", Direction::outbound}, {"inbound", Direction::inbound}});
  if (!object.has("spi")) {
    object.wrong("'spi' is missing");
  }
  object.number("spi", sa.spi, UINT32_MAX);
  object.address("source", sa.source);
  object.address("destination", sa.destination);
  choose(object, "cipher", sa.cipher,
         {{"aes_gcm_16", driver::Cipher::aes_gcm_16}, {"null_aes_gmac", driver::Cipher::null_aes_gmac}});
  object.key("key", sa.key);
  choose(object, "mode", sa.mode, {{"tunnel", driver::Mode::tunnel}, {"transport", driver::Mode::transport}});
  object.flag("esn", sa.esn);
  read_encapsulation(object, sa);
  read_selectors(object, sa);
  choose(
      object, "df", sa.df,
      {{"copy", driver::DfPolicy::copy}, {"set", driver::DfPolicy::set}, {"clear", driver::DfPolicy::clear}});
  if (object.has("dscp")) {
    constexpr std::uint64_t largest_dscp = 63;
    std::uint8_t dscp = 0;
    object.number("dscp", dscp, largest_dscp);
    sa.dscp = dscp;
  }
  object.number("hop_limit", sa.hop_limit, UINT8_MAX);
  object.number("tfc_bytes", sa.tfc_bytes, UINT16_MAX);
  object.number("next_sequence", sa.next_sequence, UINT64_MAX);
  object.flag("replay_check", sa.replay_check);
  object.number("replay_window", sa.replay_window, UINT16_MAX);
  object.number("replay_top", sa.replay_top, UINT64_MAX);
  if (auto read = object.finish(); !read) {
    return std::unexpected(read.error());
  }
  return sa;
}

}  // namespace

Expected<SaList> read_sa_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    return fail("not JSON");
  }
  if (!json.is_object() || json.size() != 1 || !json.contains("sas") || !json["sas"].is_array()) {
    return fail("the JSON is not {\"sas\": [...]}");
  }
  Json& sas = json["sas"];
  if (sas.size() > max_sas) {
    return fail(fmt::format("more than {} SAs", max_sas));
  }
  SaList list;
  for (std::size_t i = 0; i < sas.size(); ++i) {
    auto sa = read_one(sas[i]);
    if (!sa) {
      return fail(fmt::format("SA {} of the list: {}", i + 1, sa.error().message));
    }
    list.sas.push_back(std::move(*sa));
  }
  return list;
}

}  // namespace espgate::host::replay
