#include "negotiation/nat_detection.h"

#include <algorithm>
#include <utility>

#include "base/writer.h"
#include "crypto/prf.h"

namespace espgate::ike {

using wire::NotifyPayload;
using wire::NotifyType;

Bytes nat_hash(std::uint64_t initiator_spi, std::uint64_t responder_spi, const Endpoint& endpoint) {
  Writer writer;
  writer.u64(initiator_spi);
  writer.u64(responder_spi);
  writer.bytes(endpoint.address.bytes());
  writer.u16(endpoint.port);
  const auto digest = sha1(writer.view());
  return {digest.begin(), digest.end()};
}

NatFinding find_nat(const wire::Payloads& payloads, const wire::Header& header, const Endpoint& local,
                    const Endpoint& remote) {
  const Bytes local_hash = nat_hash(header.initiator_spi, header.responder_spi, local);
  const Bytes remote_hash = nat_hash(header.initiator_spi, header.responder_spi, remote);
  bool source_seen = false;
  bool source_matches = false;
  bool destination_seen = false;
  bool destination_matches = false;
  for (const wire::Payload& payload : payloads) {
    const auto* notify = std::get_if<NotifyPayload>(&payload);
    if (notify == nullptr) {
      continue;
    }
    // There may be a source hash for each address of the sender: one that matches is enough.
    if (notify->notify == NotifyType::nat_detection_source_ip) {
      source_seen = true;
      source_matches = source_matches || notify->data == remote_hash;
    } else if (notify->notify == NotifyType::nat_detection_destination_ip) {
      destination_seen = true;
      destination_matches = destination_matches || notify->data == local_hash;
    }
  }
  const bool supported = source_seen && destination_seen;
  return {supported, supported && !destination_matches, supported && !source_matches};
}

void add_nat_detection(wire::Payloads& payloads, std::uint64_t initiator_spi, std::uint64_t responder_spi,
                       const Endpoint& local, const Endpoint& remote, bool pretend, Random& random) {
  NotifyPayload source{.notify = NotifyType::nat_detection_source_ip,
                       .data = nat_hash(initiator_spi, responder_spi, local)};
  if (pretend) {
    random.fill(source.data);
  }
  payloads.emplace_back(std::move(source));
  payloads.emplace_back(NotifyPayload{.notify = NotifyType::nat_detection_destination_ip,
                                      .data = nat_hash(initiator_spi, responder_spi, remote)});
}

}  // namespace espgate::ike
