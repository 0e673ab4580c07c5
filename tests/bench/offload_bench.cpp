// The databases: SPD look-ups with few and many entries, which should cost the same, decorrelation, and the
// rate at which Child SAs go into the software engine.
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

#include "offload/data_path.h"

namespace espgate::bench {
namespace {

using nlohmann::json;
using namespace espgate::offload;

// CPU time of this thread: other work on the machine does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

IpAddress host(std::uint32_t i) {
  return IpAddress::v4(0x0a000000 + i);
}

// Hosts behind one gateway each, TCP alone; the last entry takes all else.
std::vector<SpdEntry> entries(std::uint32_t count) {
  std::vector<SpdEntry> all;
  for (std::uint32_t i = 0; i + 1 < count; ++i) {
    all.push_back(
        {.name = "host",
         .action = Action::protect,
         .selectors = {
             {.local = IpRange::whole(IpFamily::v4), .remote = {host(i), host(i)}, .protocol = 6}}});
  }
  all.push_back({.name = "rest",
                 .action = Action::discard,
                 .selectors = {{.local = IpRange::whole(IpFamily::v4),
                                .remote = IpRange::whole(IpFamily::v4),
                                .protocol = std::nullopt}}});
  return all;
}

double lookup_seconds(std::uint32_t count) {
  Spd spd;
  spd.replace(entries(count));
  std::mt19937 random(1);
  std::vector<PacketFields> packets(4096);
  for (PacketFields& packet : packets) {
    packet = {.source = IpAddress::v4(0xc0a80001),
              .destination = host(static_cast<std::uint32_t>(random()) % count),
              .protocol = 6,
              .source_port = 1000,
              .destination_port = 443};
  }
  constexpr int rounds = 200;
  std::size_t found = 0;
  const double start = cpu_seconds();
  for (int i = 0; i < rounds; ++i) {
    for (const PacketFields& packet : packets) {
      found += spd.lookup_outbound(packet) != nullptr ? 1U : 0U;
    }
  }
  const double seconds = cpu_seconds() - start;
  if (found != rounds * packets.size()) {
    throw std::runtime_error("a look-up found nothing");
  }
  return seconds / (rounds * static_cast<double>(packets.size()));
}

void measure_lookups(json& results) {
  const double one = lookup_seconds(1);
  for (const std::uint32_t count : {1U, 1000U, 100000U}) {
    const double seconds = count == 1 ? one : lookup_seconds(count);
    results.push_back({{"what", "SPD look-up"},
                       {"entries", count},
                       {"per_second", 1 / seconds},
                       {"nanoseconds", seconds * 1e9},
                       {"limit_per_second", 1 / one},
                       {"limit", "the same with one entry"},
                       {"ratio", one / seconds}});
  }
}

void measure_decorrelation(json& results) {
  for (const std::uint32_t count : {1000U, 10000U}) {
    const auto ordered = entries(count);
    const double start = cpu_seconds();
    const auto rows = decorrelate(ordered);
    const double seconds = cpu_seconds() - start;
    if (!rows) {
      throw std::runtime_error(rows.error().message);
    }
    const double copy_start = cpu_seconds();
    const std::vector<DecorrelatedRow> copy = *rows;
    const double copy_seconds = cpu_seconds() - copy_start;
    results.push_back({{"what", "decorrelation"},
                       {"entries", count},
                       {"rows", copy.size()},
                       {"seconds", seconds},
                       {"limit_seconds", copy_seconds},
                       {"limit", "writing the rows"},
                       {"ratio", copy_seconds / seconds}});
  }
}

class Nowhere final : public PacketSink {
 public:
  void to_unprotected(ByteView /*packet*/) override {}
  void to_protected(ByteView /*packet*/) override {}
};

void measure_installation(json& results) {
  constexpr std::uint32_t count = 4000;
  Nowhere nowhere;
  const auto path = DataPath::create(driver::make_software_engine().value(), nowhere);
  const auto engine = driver::make_software_engine().value();
  ChildSaSpec spec;
  spec.name = "host";
  spec.inbound_key =
      spec.outbound_key = {.key = InlineSecret<32>(Bytes(32, 1)), .salt = InlineSecret<4>(Bytes(4, 2))};
  spec.local_address = IpAddress::v4(0xc0000201);
  spec.remote_address = IpAddress::v4(0xc0000202);
  spec.selectors = {
      {.local = IpRange::whole(IpFamily::v4), .remote = {host(1), host(1)}, .protocol = std::nullopt}};
  const double start = cpu_seconds();
  for (std::uint32_t i = 1; i <= count; ++i) {
    spec.id = i;
    spec.inbound_spi = spec.outbound_spi = 0x1000 + i;
    if (auto installed = path->install(spec); !installed) {
      throw std::runtime_error(installed.error().message);
    }
  }
  const double seconds = (cpu_seconds() - start) / count;
  driver::InboundSa inbound;
  inbound.key = spec.inbound_key;
  inbound.outer_destination = spec.local_address;
  inbound.selectors.source = {host(1), host(1)};
  inbound.selectors.destination = IpRange::whole(IpFamily::v4);
  driver::OutboundSa outbound;
  outbound.key = spec.outbound_key;
  outbound.outer_source = spec.local_address;
  outbound.outer_destination = spec.remote_address;
  outbound.lease_limit = 1000;
  outbound.lease_low = 900;
  const double engine_start = cpu_seconds();
  for (std::uint32_t i = 1; i <= count; ++i) {
    inbound.spi = outbound.spi = 0x1000 + i;
    const bool in = engine->add_inbound(inbound).has_value();
    const bool out = engine->add_outbound(outbound).has_value();
    if (!in || !out) {
      throw std::runtime_error("the engine refused an SA");
    }
  }
  const double engine_seconds = (cpu_seconds() - engine_start) / count;
  results.push_back({{"what", "Child SAs installed, software engine"},
                     {"per_second", 1 / seconds},
                     {"limit_per_second", 1 / engine_seconds},
                     {"limit", "the engine's two calls alone"},
                     {"ratio", engine_seconds / seconds}});
}

}  // namespace
}  // namespace espgate::bench

int main() {
  try {
    nlohmann::json results = nlohmann::json::array();
    espgate::bench::measure_lookups(results);
    espgate::bench::measure_decorrelation(results);
    espgate::bench::measure_installation(results);
    std::cout << results.dump(1) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "offload_bench: " << error.what() << "\n";
    return 1;
  }
}
