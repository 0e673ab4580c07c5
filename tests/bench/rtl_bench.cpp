// Cycles per packet of esp_core in steady state, against what its streams allow: max(input beats, output
// beats). Cycles are counted, not timed, so these figures are the same on every machine; only the simulation
// speed is not.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench_sas.h"
#include "card/sa_tables.h"
#include "sim/esp_core.h"

namespace espgate::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr double clock_hz = 250e6;
constexpr std::size_t beat_bytes = 64;
constexpr double wanted_simulation_hz = 60'000;

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

class Port final : public driver::card::RegisterPort {
 public:
  explicit Port(sim::EspCore& core) : m_core(core) {}
  std::uint32_t read(std::uint32_t offset) override { return m_core.read(offset); }
  void write(std::uint32_t offset, std::uint32_t data) override { m_core.write(offset, data); }

 private:
  sim::EspCore& m_core;
};

// Packets of one direction, and the cycle in which each was finished.
struct Stream {
  std::vector<Bytes> packets;
  std::vector<std::uint32_t> sas;
  std::vector<std::size_t> limits;  // beats
  std::vector<std::uint64_t> finished;

  double cycles_per_packet(std::size_t from) const {
    return static_cast<double>(finished.back() - finished[from]) /
           static_cast<double>(finished.size() - 1 - from);
  }
  double limit(std::size_t from) const {
    std::size_t sum = 0;
    for (std::size_t i = from + 1; i < limits.size(); ++i) {
      sum += limits[i];
    }
    return static_cast<double>(sum) / static_cast<double>(limits.size() - 1 - from);
  }
};

class RtlBench {
 public:
  RtlBench()
      : m_core(value(sim::EspCore::create({}))),
        m_port(*m_core),
        m_tables(value(driver::card::SaTables::create(m_port, "simulated"))),
        m_peer(value(driver::make_software_engine())) {
    sas = m_tables.capabilities().outbound_sas;
    for (std::uint32_t n = 0; n < sas; ++n) {
      m_outbound.push_back(value(m_tables.add_outbound(outbound_sa(n))));
      m_peer_sas.push_back(value(m_peer->add_outbound(outbound_sa(n))));
      value(m_tables.add_inbound(inbound_sa(n)));
    }
  }

  Stream outbound(const std::vector<std::size_t>& sizes, std::uint32_t over) const {
    Stream stream;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      stream.packets.push_back(inner_packet(sizes[i]));
      stream.sas.push_back(m_outbound[i % over].value);
      stream.limits.push_back(beats(protected_bytes(sizes[i])));
    }
    return stream;
  }
  Stream inbound(const std::vector<std::size_t>& sizes, std::uint32_t over) {
    Stream stream;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      stream.packets.push_back(encrypt(inner_packet(sizes[i]), m_peer_sas[i % over]));
      stream.sas.push_back(0);
      stream.limits.push_back(beats(stream.packets.back().size()));
    }
    return stream;
  }

  // Both may be empty, not both at once.
  void run(Stream& out, Stream& in) {
    const std::array<std::pair<sim::Side, Stream*>, 2> sides{
        {{sim::Side::outbound, &out}, {sim::Side::inbound, &in}}};
    for (const auto& [side, stream] : sides) {
      for (std::size_t i = 0; i < stream->packets.size(); ++i) {
        m_core->send(side, {.sa = stream->sas[i]}, stream->packets[i]);
      }
    }
    Bytes buffer(16384 + driver::max_expansion);
    while (out.finished.size() < out.packets.size() || in.finished.size() < in.packets.size()) {
      m_core->clock(1);
      for (const auto& [side, stream] : sides) {
        while (const auto done = m_core->done(side, buffer)) {
          if (done->verdict != 0) {
            throw std::runtime_error("a packet was dropped with verdict " + std::to_string(done->verdict));
          }
          stream->finished.push_back(m_core->cycles());
        }
      }
    }
  }

  double cycles_per_second() {
    Stream out = outbound(std::vector<std::size_t>(2000, 1420), sas);
    Stream in = inbound(std::vector<std::size_t>(2000, 1420), sas);
    const std::uint64_t first = m_core->cycles();
    const auto start = std::chrono::steady_clock::now();
    run(out, in);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return static_cast<double>(m_core->cycles() - first) / seconds.count();
  }

  std::uint32_t sas = 0;

 private:
  static std::size_t beats(std::size_t bytes) { return (bytes + beat_bytes - 1) / beat_bytes; }
  static std::size_t protected_bytes(std::size_t inner) { return 20 + 16 + (inner + 2 + 3) / 4 * 4 + 16; }

  Bytes encrypt(const Bytes& packet, driver::SaIndex sa) {
    Bytes output(packet.size() + driver::max_expansion);
    const driver::PacketRequest request{.cookie = 0, .sa = sa, .input = packet, .output = output};
    driver::Completion completion;
    m_peer->submit(driver::Direction::outbound, std::span(&request, 1));
    m_peer->poll(driver::Direction::outbound, std::span(&completion, 1));
    output.resize(completion.length);
    return output;
  }

  std::unique_ptr<sim::EspCore> m_core;
  Port m_port;
  driver::card::SaTables m_tables;
  std::unique_ptr<driver::Engine> m_peer;
  std::vector<driver::SaIndex> m_outbound;
  std::vector<driver::SaIndex> m_peer_sas;
};

json result(const char* direction, const json& inner_bytes, double mean_bytes, std::uint32_t sas,
            const Stream& stream) {
  // The first quarter fills the pipeline.
  const std::size_t from = stream.finished.size() / 4;
  const double cycles = stream.cycles_per_packet(from);
  const double limit = stream.limit(from);
  const auto rounded = [](double figure) { return std::round(figure * 1000) / 1000; };
  return {{"top", "esp_core"},
          {"direction", direction},
          {"mode", "tunnel-v4"},
          {"inner_bytes", inner_bytes},
          {"sas", sas},
          {"cycles_per_packet", rounded(cycles)},
          {"limit_cycles", rounded(limit)},
          {"ratio", rounded(cycles / limit)},
          {"gbps_at_250mhz", rounded(mean_bytes * 8 * clock_hz / cycles / 1e9)},
          {"mpps_at_250mhz", rounded(clock_hz / cycles / 1e6)}};
}

void measure(RtlBench& bench, json& results, const json& name, const std::vector<std::size_t>& sizes) {
  double mean = 0;
  for (const std::size_t size : sizes) {
    mean += static_cast<double>(size) / static_cast<double>(sizes.size());
  }
  for (const std::uint32_t over : {std::uint32_t{1}, bench.sas}) {
    Stream none;
    Stream out = bench.outbound(sizes, over);
    bench.run(out, none);
    results.push_back(result("outbound", name, mean, over, out));
    Stream in = bench.inbound(sizes, over);
    none = {};
    bench.run(none, in);
    results.push_back(result("inbound", name, mean, over, in));
    out = bench.outbound(sizes, over);
    in = bench.inbound(sizes, over);
    bench.run(out, in);
    results.push_back(result("both:outbound", name, mean, over, out));
    results.push_back(result("both:inbound", name, mean, over, in));
  }
}

int run() {
  RtlBench bench;
  json results = json::array();
  for (const std::size_t size : {46U, 64U, 65U, 128U, 256U, 512U, 1024U, 1420U, 1500U, 4096U, 9000U}) {
    measure(bench, results, size, std::vector<std::size_t>(size > 2000 ? 120 : 600, size));
  }
  std::vector<std::size_t> imix;  // 7 : 4 : 1
  for (std::size_t i = 0; i < 600; ++i) {
    constexpr std::array<std::size_t, 12> mix{40, 576, 40, 40, 576, 40, 1500, 40, 576, 40, 576, 40};
    imix.push_back(mix.at(i % mix.size()));
  }
  measure(bench, results, "imix", imix);
  const double speed = bench.cycles_per_second();
  results.push_back({{"top", "esp_core"},
                     {"measure", "simulated cycles per second, both directions, no trace"},
                     {"cycles_per_second", std::round(speed)},
                     {"limit_cycles_per_second", wanted_simulation_hz},
                     {"ratio", std::round(speed / wanted_simulation_hz * 1000) / 1000}});
  std::puts(results.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace espgate::bench

int main() {
  try {
    return espgate::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rtl_bench: %s\n", error.what());
    return 1;
  }
}
