// Any bytes as a file of SAs, and as frames of every link type: read, or refused with a reason.
#include <pcap/pcap.h>

#include <cstdint>
#include <string_view>

#include "replay/capture.h"
#include "replay/sa_reader.h"
#include "replay/sa_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::host::replay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const espgate::ByteView bytes(data, size);
  std::vector<SaDescription> sas;
  // By its own choice, and by each reader in turn.
  for (const auto& list :
       {read_sas(text, {}), read_xfrm_state(text), read_esp_sa(text, {.esn = true}), read_sa_json(text)}) {
    if (!list && list.error().message.empty()) {
      __builtin_trap();
    }
    if (list) {
      sas.insert(sas.end(), list->sas.begin(), list->sas.end());
    }
  }
  for (const int link_type : {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL, DLT_LINUX_SLL2}) {
    const auto packet = ip_packet(link_type, bytes);
    if (!packet) {
      continue;
    }
    esp_label(*packet);
    for (const SaDescription& sa : sas) {
      carries(sa, *packet);
    }
  }
  return 0;
}
