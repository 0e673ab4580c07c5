#include "replay/sa_reader.h"

#include <fmt/format.h>

#include "config/conf_file.h"
#include "replay/sa_text.h"

namespace espgate::host::replay {

Expected<SaList> read_sas(std::string_view text, const SaDefaults& defaults) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::string_view start = first == std::string_view::npos ? "" : text.substr(first);
  if (start.starts_with('{')) {
    return read_sa_json(text);
  }
  if (start.starts_with('"') || start.starts_with('#')) {
    return read_esp_sa(text, defaults);
  }
  if (start.starts_with("src ")) {
    return read_xfrm_state(text);
  }
  return fail(
      "neither the output of 'ip xfrm state', nor Wireshark's table esp_sa, nor our JSON "
      "(it begins with none of 'src ', '\"', '#' and '{')");
}

Expected<SaList> load_sas(const std::string& path, const SaDefaults& defaults) {
  constexpr unsigned others_may_read = 04;
  const auto file = config::load_file(path, max_sa_file_bytes);
  if (!file) {
    return std::unexpected(file.error());
  }
  if ((file->mode & others_may_read) != 0) {
    return fail(fmt::format("{}: it holds keys, and everybody may read it (mode {:04o}): chmod 600 {}", path,
                            file->mode, path));
  }
  const ByteView bytes = file->content.view();
  auto list = read_sas({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, defaults);
  if (!list) {
    return fail(fmt::format("{}: {}", path, list.error().message));
  }
  if (list->sas.empty()) {
    return fail(fmt::format("{}: there is no SA in it that an engine has{}{}", path,
                            list->skipped.empty() ? "" : "; ",
                            list->skipped.empty() ? "" : list->skipped.front()));
  }
  return list;
}

}  // namespace espgate::host::replay
