#include "daemon/requests.h"

#include <fmt/format.h>

#include <limits>

#include "config/values.h"

namespace espgate::host::daemon {
namespace {

constexpr std::uint64_t longest_timeout_ms = std::uint64_t{7} * 24 * 3600 * 1000;

Expected<std::optional<std::uint32_t>> parse_id(const vici::Message& request, std::string_view key) {
  const std::string* text = request.find(key);
  if (text == nullptr) {
    return std::nullopt;
  }
  const auto id = config::parse_number(*text, std::numeric_limits<std::uint32_t>::max());
  if (!id) {
    return fail(fmt::format("{}: {}", key, id.error().message));
  }
  return static_cast<std::uint32_t>(*id);
}

}  // namespace

Expected<SaFilter> SaFilter::parse(const vici::Message& request) {
  const auto ike_id = parse_id(request, "ike-id");
  if (!ike_id) {
    return std::unexpected(ike_id.error());
  }
  const auto child_id = parse_id(request, "child-id");
  if (!child_id) {
    return std::unexpected(child_id.error());
  }
  return SaFilter{.ike = std::string(request.value("ike")),
                  .child = std::string(request.value("child")),
                  .ike_id = *ike_id,
                  .child_id = *child_id};
}

bool SaFilter::matches(const ike::IkeSaView& sa) const {
  return (ike.empty() || ike == sa.connection) && (!ike_id || *ike_id == sa.id);
}

bool SaFilter::matches(const ike::ChildSaView& child_sa) const {
  return (child.empty() || child == child_sa.name) && (!child_id || *child_id == child_sa.id);
}

Expected<Timeout> Timeout::parse(const vici::Message& request) {
  const std::string* text = request.find("timeout");
  if (text == nullptr || *text == "0") {
    return Timeout{};
  }
  if (*text == "-1") {
    return Timeout{.wait = false, .patience = std::nullopt};
  }
  const auto milliseconds = config::parse_number(*text, longest_timeout_ms);
  if (!milliseconds) {
    return fail(fmt::format("timeout: {}", milliseconds.error().message));
  }
  return Timeout{.wait = true, .patience = std::chrono::milliseconds(*milliseconds)};
}

Expected<bool> parse_flag(const vici::Message& request, std::string_view key, bool otherwise) {
  const std::string* text = request.find(key);
  if (text == nullptr) {
    return otherwise;
  }
  auto value = config::parse_bool(*text);
  if (!value) {
    return fail(fmt::format("{}: {}", key, value.error().message));
  }
  return value;
}

}  // namespace espgate::host::daemon
