// A replay's report, for people and for programs. The JSON keys are documented in docs/operator/replay.md.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "replay/replay.h"

namespace espgate::host::replay {
namespace {

using Json = nlohmann::ordered_json;
using driver::Verdict;

constexpr std::size_t dropped_in_text = 10;

std::string_view name_of(driver::Direction direction) {
  return direction == driver::Direction::outbound ? "outbound" : "inbound";
}

template <typename Visit>
void for_each_verdict(const Report& report, Visit visit) {
  for (std::size_t code = 0; code < driver::verdict_count; ++code) {
    if (report.counters.verdicts.at(code) > 0) {
      visit(static_cast<Verdict>(code), report.counters.verdicts.at(code));
    }
  }
}

Json to_json(const SaReport& sa) {
  Json json{{"spi", fmt::format("{:08x}", sa.spi)}};
  if (sa.outbound) {
    json["packets"] = sa.outbound->packets;
    json["bytes"] = sa.outbound->bytes;
    json["next_sequence"] = sa.outbound->next_sequence;
  }
  if (sa.inbound) {
    json["packets"] = sa.inbound->packets;
    json["bytes"] = sa.inbound->bytes;
    json["replay_top"] = sa.inbound->replay_top;
    json["replay_too_old"] = sa.inbound->replay_too_old;
    json["replay_duplicate"] = sa.inbound->replay_duplicate;
    json["icv_failed"] = sa.inbound->icv_failed;
    json["selector_mismatch"] = sa.inbound->selector_mismatch;
  }
  return json;
}

std::string to_text(const SaReport& sa) {
  if (sa.outbound) {
    return fmt::format("SA {:08x}: {} packets, {} bytes, next sequence number {}\n", sa.spi,
                       sa.outbound->packets, sa.outbound->bytes, sa.outbound->next_sequence);
  }
  if (sa.inbound) {
    return fmt::format("SA {:08x}: {} packets, {} bytes, highest sequence number {}\n", sa.spi,
                       sa.inbound->packets, sa.inbound->bytes, sa.inbound->replay_top);
  }
  return {};
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text =
      fmt::format("engine {} {}, {}\n", report.engine, report.version, name_of(report.direction));
  text += fmt::format("{} frames: {} without IP, {} without an SA, {} packets to the engine, {} out\n",
                      report.frames, report.not_ip, report.no_sa, report.counters.packets_in,
                      report.counters.packets_out);
  if (report.cut > 0) {
    text += fmt::format(
        "{} frames are cut short in the capture, and malformed to any engine: capture whole packets "
        "(tcpdump -s 0)\n",
        report.cut);
  }
  for_each_verdict(report, [&](Verdict verdict, std::uint64_t count) {
    text += fmt::format("{:>10}  {}: {}\n", count, to_string(verdict), describe(verdict));
  });
  if (report.cycles) {
    text += fmt::format("{} clock cycles", *report.cycles);
    if (report.counters.packets_in > 0) {
      text += fmt::format(", {:.1f} a packet", static_cast<double>(*report.cycles) /
                                                   static_cast<double>(report.counters.packets_in));
    }
    text += '\n';
  }
  for (const SaReport& sa : report.sas) {
    text += to_text(sa);
  }
  for (std::size_t i = 0; i < std::min(report.dropped.size(), dropped_in_text); ++i) {
    text += fmt::format("frame {}: {}\n", report.dropped[i].frame, report.dropped[i].why);
  }
  if (report.dropped.size() > dropped_in_text) {
    text += "… and more; --json lists them\n";
  }
  for (const std::string& skipped : report.skipped_sas) {
    text += fmt::format("passed over: {}\n", skipped);
  }
  return text;
}

std::string to_json(const Report& report) {
  Json json{{"engine", report.engine},
            {"version", report.version},
            {"direction", name_of(report.direction)},
            {"frames", report.frames},
            {"not_ip", report.not_ip},
            {"cut", report.cut},
            {"no_sa", report.no_sa},
            {"packets_in", report.counters.packets_in},
            {"bytes_in", report.counters.bytes_in},
            {"packets_out", report.counters.packets_out},
            {"bytes_out", report.counters.bytes_out},
            {"verdicts", Json::object()},
            {"cycles", report.cycles ? Json(*report.cycles) : Json()},
            {"sas", Json::array()},
            {"dropped", Json::array()},
            {"skipped_sas", report.skipped_sas}};
  for_each_verdict(report, [&](Verdict verdict, std::uint64_t count) {
    json["verdicts"][std::string(to_string(verdict))] = count;
  });
  for (const SaReport& sa : report.sas) {
    json["sas"].push_back(to_json(sa));
  }
  for (const Dropped& dropped : report.dropped) {
    json["dropped"].push_back({{"frame", dropped.frame}, {"why", dropped.why}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace espgate::host::replay
