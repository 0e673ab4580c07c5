// SAs from the files of other programs. Every reader is total: any bytes give SAs or a reason, in bounded
// time and memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "replay/sa_description.h"

namespace espgate::host::replay {

inline constexpr std::size_t max_sa_file_bytes = std::size_t{16} << 20U;
inline constexpr std::size_t max_sas = 65536;

// What a table of Wireshark's cannot say of its SAs.
struct SaDefaults {
  bool esn = false;
  driver::Mode mode = driver::Mode::tunnel;
};

// Output of `ip xfrm state`.
Expected<SaList> read_xfrm_state(std::string_view text);
// Wireshark's table `esp_sa`.
Expected<SaList> read_esp_sa(std::string_view text, const SaDefaults& defaults);
// Ours; docs/operator/replay.md describes it.
Expected<SaList> read_sa_json(std::string_view text);

// Tells the three apart by their first character.
Expected<SaList> read_sas(std::string_view text, const SaDefaults& defaults);
// A file that everybody may read is refused: it holds keys.
Expected<SaList> load_sas(const std::string& path, const SaDefaults& defaults);

}  // namespace espgate::host::replay
