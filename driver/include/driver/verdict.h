// What became of a packet in an engine: one name, one text and one counter for each outcome.
// The list is hw/registers.toml; RTL, engines, CLI and logs all take it from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace espgate::driver {

enum class Direction : std::uint8_t { outbound = 0, inbound = 1 };

enum class Verdict : std::uint8_t {
#define ESPGATE_VERDICT(name, code, kind, text) name = code,
#include "driver/verdicts.def"
#undef ESPGATE_VERDICT
};

inline constexpr std::size_t verdict_count = 0
#define ESPGATE_VERDICT(name, code, kind, text) +1
#include "driver/verdicts.def"
#undef ESPGATE_VERDICT
    ;

// The name as it stands in registers.toml, for example "replay_duplicate".
std::string_view to_string(Verdict verdict);
// One line for people: why the packet was dropped.
std::string_view describe(Verdict verdict);
// Whether packets of this direction can have this verdict.
bool is_possible(Verdict verdict, Direction direction);
// True for packets that are not the engine's to judge and go to the host (IKE, unknown SPI, fragments).
bool is_host_exception(Verdict verdict);

}  // namespace espgate::driver
