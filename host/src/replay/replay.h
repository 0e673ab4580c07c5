// Runs the packets of a capture through an ESP engine: what an operator or a hardware engineer does to see a
// problem again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "driver/engine.h"
#include "replay/sa_reader.h"

namespace espgate::host::replay {

struct Options {
  driver::Direction direction = driver::Direction::inbound;
  std::string sa_file;
  SaDefaults sa_defaults;
  std::string input;   // capture
  std::string output;  // capture; replaced, and so none of the other files
};

// A packet that did not come out.
struct Dropped {
  std::uint64_t frame = 0;
  std::string why;  // a verdict, or "no_sa"
};

struct SaReport {
  std::uint32_t spi = 0;
  std::optional<driver::OutboundSaCounters> outbound;
  std::optional<driver::InboundSaCounters> inbound;
};

struct Report {
  std::string engine;
  std::string version;
  driver::Direction direction = driver::Direction::inbound;
  std::uint64_t frames = 0;
  std::uint64_t not_ip = 0;
  std::uint64_t cut = 0;    // frames that the capture does not hold whole
  std::uint64_t no_sa = 0;  // outbound packets that fit no SA
  driver::DirectionCounters counters;
  // From the first packet to the last completion; nullopt for an engine without a clock.
  std::optional<std::uint64_t> cycles;
  std::vector<SaReport> sas;  // those that packets needed
  // The first of them, most_dropped at most.
  std::vector<Dropped> dropped;
  std::vector<std::string> skipped_sas;
};
inline constexpr std::size_t most_dropped = 1000;

Expected<Report> run(driver::Engine& engine, const Options& options);

std::string to_text(const Report& report);
std::string to_json(const Report& report);

}  // namespace espgate::host::replay
