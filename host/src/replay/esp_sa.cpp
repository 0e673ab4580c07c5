// Wireshark's table esp_sa: one SA a line, fields in double quotes, separated by commas.
#include <fmt/format.h>

#include <array>

#include "replay/sa_reader.h"
#include "replay/sa_text.h"

namespace espgate::host::replay {
namespace {

// The last two came with Wireshark 4.2: "32-bit" or "64-bit", and the high half in force.
constexpr std::size_t fields_always = 8;
constexpr std::size_t fields_at_most = 10;

struct Row {
  std::array<std::string_view, fields_at_most> fields;
  std::size_t count = 0;
};

// nullopt when the line is not made of quoted fields, or has a wrong number of them.
std::optional<Row> split(std::string_view line) {
  Row row;
  while (true) {
    line = without_blanks(line);
    const std::size_t end = line.starts_with('"') ? line.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos || row.count == fields_at_most) {
      return std::nullopt;
    }
    row.fields.at(row.count++) = line.substr(1, end - 1);
    line = without_blanks(line.substr(end + 1));
    if (line.empty()) {
      return row.count == fields_always || row.count == fields_at_most ? std::optional(row) : std::nullopt;
    }
    if (!line.starts_with(',')) {
      return std::nullopt;
    }
    line.remove_prefix(1);
  }
}

// The address of a field, into `to`; "*" is none. False when it is neither, or of another family.
bool read_address(std::string_view text, IpFamily family, std::optional<IpAddress>& to) {
  if (text == "*") {
    return true;
  }
  to = IpAddress::parse(text);
  return to && to->family() == family;
}

// ESP authentication with 16 bytes, as the tables written before Wireshark knew ICV lengths name it.
bool has_long_icv(std::string_view encryption, std::string_view authentication) {
  return encryption == "AES-GCM with 16 octet ICV [RFC4106]" ||
         (encryption == "AES-GCM [RFC4106]" && authentication.starts_with("ANY 128 bit authentication"));
}

Expected<> read_row(const Row& row, const SaDefaults& defaults, SaList& list) {
  const auto& [protocol, source, destination, spi, encryption, key, authentication, unused, width, high] =
      row.fields;
  if (protocol != "IPv4" && protocol != "IPv6") {
    return fail(fmt::format("'{}' is neither \"IPv4\" nor \"IPv6\"", protocol));
  }
  SaDescription sa{.mode = defaults.mode, .esn = defaults.esn};
  const IpFamily family = protocol == "IPv4" ? IpFamily::v4 : IpFamily::v6;
  if (!read_address(source, family, sa.source) || !read_address(destination, family, sa.destination)) {
    return fail(fmt::format("'{}' and '{}' must be {} addresses or *", source, destination, protocol));
  }
  const auto number = number_in(spi, UINT32_MAX);
  if (!number) {
    return fail(
        fmt::format("'{}' is no SPI (a number; wildcards stand for many SAs and cannot be replayed)", spi));
  }
  sa.spi = static_cast<std::uint32_t>(*number);
  if (!has_long_icv(encryption, authentication)) {
    list.skipped.push_back(fmt::format("SA {:#010x}: no engine has '{}'", sa.spi, encryption));
    return {};
  }
  auto secret = key_in(key);
  if (!secret) {
    return fail(fmt::format(
        "SA {:#010x}: its key must be 20 or 36 bytes in hexadecimal digits, salt included", sa.spi));
  }
  sa.key = *secret;
  if (row.count == fields_at_most) {
    const auto upper = number_in(high, UINT32_MAX);
    if ((width != "32-bit" && width != "64-bit") || !upper) {
      return fail(fmt::format("SA {:#010x}: '{}' and '{}' are no width and high half of sequence numbers",
                              sa.spi, width, high));
    }
    sa.esn = width == "64-bit";
    sa.replay_top = sa.esn ? *upper << 32U : 0;
  }
  list.sas.push_back(sa);
  return {};
}

}  // namespace

Expected<SaList> read_esp_sa(std::string_view text, const SaDefaults& defaults) {
  SaList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = without_blanks(take_line(text));
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto row = split(line);
    if (!row) {
      return fail(fmt::format("line {}: not {} or {} fields in double quotes, separated by commas", number,
                              fields_always, fields_at_most));
    }
    if (auto read = read_row(*row, defaults, list); !read) {
      return fail(fmt::format("line {}: {}", number, read.error().message));
    }
    if (list.sas.size() + list.skipped.size() > max_sas) {
      return fail(fmt::format("more than {} SAs", max_sas));
    }
  }
  return list;
}

}  // namespace espgate::host::replay
