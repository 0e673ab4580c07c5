#include "daemon/sa_messages.h"

namespace espgate::host::daemon {
namespace {

using vici::Message;

void set_direction(Message& message, const driver::DirectionCounters& counters, driver::Direction direction) {
  message.set_number("packets-in", counters.packets_in).set_number("bytes-in", counters.bytes_in);
  message.set_number("packets-out", counters.packets_out).set_number("bytes-out", counters.bytes_out);
  message.set_number("events-lost", counters.events_lost);
  Message& verdicts = message.section("verdicts");
  for (std::size_t code = 0; code < driver::verdict_count; ++code) {
    const auto verdict = static_cast<driver::Verdict>(code);
    const std::uint64_t count = counters.verdicts.at(code);
    // A count where none can be is an error of the engine, and all the more to be seen.
    if (is_possible(verdict, direction) || count != 0) {
      verdicts.set_number(to_string(verdict), count);
    }
  }
}

std::vector<std::string> names_of(const driver::Capabilities& engine) {
  std::vector<std::string> names;
  const auto add = [&names](bool has, const char* name) {
    if (has) {
      names.emplace_back(name);
    }
  };
  add(engine.aes_gcm_128, "aes_gcm_128");
  add(engine.aes_gcm_256, "aes_gcm_256");
  add(engine.gmac_128, "gmac_128");
  add(engine.gmac_256, "gmac_256");
  add(engine.esn, "esn");
  add(engine.tunnel, "tunnel");
  add(engine.ipv6, "ipv6");
  add(engine.transport, "transport");
  add(engine.udp_encapsulation, "udp_encapsulation");
  add(engine.tfc, "tfc");
  add(engine.lifetimes, "lifetimes");
  add(engine.spd_cache, "spd_cache");
  return names;
}

}  // namespace

void add_statistics(Message& answer, const offload::Statistics& statistics) {
  const driver::Capabilities& capabilities = statistics.engine;
  Message& engine = answer.section("engine");
  engine.set("name", capabilities.name).set("version", capabilities.version);
  engine.set_list("capabilities", names_of(capabilities));
  engine.set_number("replay-window", capabilities.replay_window);
  engine.set_number("max-packet-bytes", capabilities.max_packet_bytes);
  engine.set_number("outbound-sas", capabilities.outbound_sas);
  engine.set_number("inbound-sas", capabilities.inbound_sas);
  if (statistics.counters.cycles != 0) {
    engine.set_number("cycles", statistics.counters.cycles);
  }
  set_direction(answer.section("engine-outbound"), statistics.counters.outbound, driver::Direction::outbound);
  set_direction(answer.section("engine-inbound"), statistics.counters.inbound, driver::Direction::inbound);
  Message& texts = answer.section("verdict-texts");
  for (std::size_t code = 0; code < driver::verdict_count; ++code) {
    const auto verdict = static_cast<driver::Verdict>(code);
    texts.set(to_string(verdict), std::string(describe(verdict)));
  }
  Message& policy = answer.section("policy");
  for (const offload::PolicyCounter& counter : statistics.policy) {
    policy.set_number(counter.name, counter.value);
  }
}

Message to_message(const offload::ChildSaStatistics& child) {
  Message message;
  message.set("name", child.name).set_number("uniqueid", child.id);
  message.set_number("packets-out", child.outbound.packets).set_number("bytes-out", child.outbound.bytes);
  message.set_number("next-sequence", child.outbound.next_sequence)
      .set_number("lease-limit", child.lease_limit);
  message.set_number("packets-in", child.inbound.packets).set_number("bytes-in", child.inbound.bytes);
  message.set_number("replay-top", child.inbound.replay_top);
  message.set_number("replay-too-old", child.inbound.replay_too_old);
  message.set_number("replay-duplicate", child.inbound.replay_duplicate);
  message.set_number("icv-failed", child.inbound.icv_failed);
  message.set_number("selector-mismatch", child.inbound.selector_mismatch);
  return message;
}

}  // namespace espgate::host::daemon
