#include "config/lifetimes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace espgate::host::config {
namespace {

using std::chrono::seconds;

template <typename T>
struct Word {
  std::string_view text;
  T value;
};

// One of a list of words.
template <typename T, std::size_t N>
Expected<T> parse_word(std::string_view text, const std::array<Word<T>, N>& words) {
  std::string all;
  for (const Word<T>& word : words) {
    if (word.text == text) {
      return word.value;
    }
    all += (all.empty() ? "" : ", ") + std::string(word.text);
  }
  return fail(fmt::format("'{}' is none of {}", text, all));
}

Expected<ike::EndAction> parse_end_action(std::string_view text) {
  if (text == "trap") {
    return fail("'trap': not supported by this version: traps; none and start are");
  }
  constexpr std::array words{Word{"none", ike::EndAction::none}, Word{"clear", ike::EndAction::none},
                             Word{"start", ike::EndAction::start}, Word{"restart", ike::EndAction::start}};
  return parse_word(text, words);
}

Expected<ike::Fragmentation> parse_fragmentation(std::string_view text) {
  // For IKEv2 strongSwan's force is its yes.
  constexpr std::array words{Word{"yes", ike::Fragmentation::yes}, Word{"accept", ike::Fragmentation::accept},
                             Word{"force", ike::Fragmentation::yes}, Word{"no", ike::Fragmentation::no}};
  return parse_word(text, words);
}

Expected<ike::Unique> parse_unique(std::string_view text) {
  constexpr std::array words{Word{"never", ike::Unique::never}, Word{"no", ike::Unique::no},
                             Word{"keep", ike::Unique::keep}, Word{"replace", ike::Unique::replace}};
  return parse_word(text, words);
}

Expected<ike::Childless> parse_childless(std::string_view text) {
  constexpr std::array words{Word{"never", ike::Childless::never}, Word{"allow", ike::Childless::allow},
                             Word{"prefer", ike::Childless::prefer}, Word{"force", ike::Childless::force}};
  return parse_word(text, words);
}

Expected<unsigned> parse_tries(std::string_view text) {
  auto number = parse_number(text, 1000);
  return number ? Expected<unsigned>(static_cast<unsigned>(*number)) : std::unexpected(number.error());
}

// What strongSwan makes of a pair of which one is missing: the hard limit is 10 % above the soft one, and the
// random part is the difference.
template <typename T>
struct Pair {
  std::optional<T> soft;
  std::optional<T> hard;
  std::optional<T> random;
};
template <typename T>
struct Limits {
  T soft{};
  T hard{};
  T random{};
  bool in_order() const { return hard == T{} || soft == T{} || hard > soft; }
};
template <typename T>
Limits<T> complete(const Pair<T>& pair, T standard) {
  Limits<T> limits;
  limits.soft = pair.soft.value_or(pair.hard && *pair.hard != T{} ? *pair.hard - *pair.hard / 11 : standard);
  limits.hard = pair.hard.value_or(limits.soft == T{} ? T{} : limits.soft + std::max(limits.soft / 10, T{1}));
  limits.random = pair.random.value_or(limits.hard > limits.soft ? limits.hard - limits.soft : T{});
  return limits;
}

void read_volume(SettingReader& in, const std::string& unit, ike::VolumeLimit& limit) {
  const Pair<std::uint64_t> pair{.soft = in.value("rekey_" + unit, parse_amount),
                                 .hard = in.value("life_" + unit, parse_amount),
                                 .random = in.value("rand_" + unit, parse_amount)};
  const auto limits = complete(pair, std::uint64_t{0});
  if (!limits.in_order()) {
    in.error(*in.find("life_" + unit),
             fmt::format("{} is not more than rekey_{}, {}", limits.hard, unit, limits.soft));
  }
  limit = {.rekey = limits.soft, .hard = limits.hard, .random = limits.random};
}

}  // namespace

void read_connection_timing(SettingReader& in, ike::ConnectionConfig& config) {
  const seconds rekey = in.value("rekey_time", parse_time).value_or(std::chrono::hours(4));
  const seconds over = in.value("over_time", parse_time).value_or(std::max(rekey / 10, seconds(1)));
  const seconds random = in.value("rand_time", parse_time).value_or(over);
  config.lifetime = rekey.count() == 0 ? ike::Lifetime{} : ike::Lifetime{rekey, rekey + over, random};
  if (rekey.count() != 0 && over.count() == 0) {
    in.error(*in.find("over_time"), "0 leaves no time to rekey in; leave it out for a tenth of rekey_time");
  }
  if (const auto reauth = in.value("reauth_time", parse_time); reauth && reauth->count() != 0) {
    in.error(
        *in.find("reauth_time"),
        "not supported by this version: reauthentication, which interrupts the traffic; rekey_time renews "
        "the keys without that, and reauth_time = 0 says so");
  }
  config.dpd_delay = in.value("dpd_delay", parse_time).value_or(seconds{});
  if (in.value("dpd_timeout", parse_time)) {
    in.notice(*in.find("dpd_timeout"), "is for IKEv1; in IKEv2 the retransmissions decide");
  }
  config.fragmentation = in.value("fragmentation", parse_fragmentation).value_or(config.fragmentation);
  config.unique = in.value("unique", parse_unique).value_or(config.unique);
  config.childless = in.value("childless", parse_childless).value_or(config.childless);
  config.keying_tries = in.value("keyingtries", parse_tries).value_or(config.keying_tries);
}

void read_child_timing(SettingReader& in, ike::ChildConfig& config) {
  const Pair<seconds> pair{.soft = in.value("rekey_time", parse_time),
                           .hard = in.value("life_time", parse_time),
                           .random = in.value("rand_time", parse_time)};
  const auto limits = complete(pair, seconds(std::chrono::hours(1)));
  if (!limits.in_order()) {
    in.error(*in.find("life_time"),
             fmt::format("{} s is not more than rekey_time, {} s", limits.hard.count(), limits.soft.count()));
  }
  config.lifetime = {limits.soft, limits.hard, limits.random};
  read_volume(in, "bytes", config.bytes);
  read_volume(in, "packets", config.packets);
  config.close_action = in.value("close_action", parse_end_action).value_or(ike::EndAction::none);
  config.dpd_action = in.value("dpd_action", parse_end_action).value_or(ike::EndAction::none);
}

}  // namespace espgate::host::config
