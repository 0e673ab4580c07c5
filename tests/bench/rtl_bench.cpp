// Cycles per packet of the RTL's tops in steady state, against what their streams allow: max(input beats,
// output beats). Cycles are counted, not timed, so these figures are the same on every machine; only the
// simulation speed is not. Latencies are of packets that have the engine for themselves.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench_sas.h"
#include "card/sa_tables.h"
#include "rtl_device.h"

namespace espgate::bench {
namespace {

using driver::Direction;
using json = nlohmann::ordered_json;

constexpr double clock_hz = 250e6;
constexpr std::size_t beat_bytes = 64;
constexpr double wanted_simulation_hz = 60'000;
constexpr std::array directions{Direction::outbound, Direction::inbound};

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

std::size_t beats(std::size_t bytes) {
  return (bytes + beat_bytes - 1) / beat_bytes;
}

double rounded(double figure) {
  return std::round(figure * 1000) / 1000;
}

// Packets of one direction, and the cycle in which each was finished.
struct Stream {
  struct Packet {
    Bytes bytes;
    std::uint32_t sa = 0;
    std::size_t output_bytes = 0;
  };
  std::vector<Packet> packets;
  std::vector<std::uint64_t> finished;

  // The first third fills the pipeline. Completions may come in pairs, so the window is one of whole pairs.
  std::size_t from() const { return finished.size() / 3 | 1U; }
  double cycles_per_packet() const {
    return static_cast<double>(finished.back() - finished[from()]) /
           static_cast<double>(finished.size() - 1 - from());
  }
  double limit() const {
    std::size_t sum = 0;
    for (std::size_t i = from() + 1; i < packets.size(); ++i) {
      sum += std::max(beats(packets[i].bytes.size()), beats(packets[i].output_bytes));
    }
    return static_cast<double>(sum) / static_cast<double>(packets.size() - 1 - from());
  }
};

struct Latency {
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
};

// One top with its table full of SAs of one mode, and a peer that makes and takes the other ends.
class Setup {
 public:
  Setup(std::unique_ptr<RtlDevice> device, SaMode mode)
      : m_mode(mode),
        m_device(std::move(device)),
        m_tables(value(driver::card::SaTables::create(*m_device, m_device->name()))),
        m_peer(value(driver::make_software_engine())) {
    sas = m_tables.capabilities().outbound_sas;
    for (std::uint32_t n = 0; n < sas; ++n) {
      m_outbound.push_back(value(m_tables.add_outbound(outbound_sa(n, mode))));
      m_peer_sas.push_back(value(m_peer->add_outbound(outbound_sa(n, mode))));
      value(m_tables.add_inbound(inbound_sa(n, mode)));
    }
  }

  RtlDevice& device() { return *m_device; }

  Stream stream(Direction direction, const std::vector<std::size_t>& sizes, std::uint32_t over) {
    Stream stream;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Bytes inner = inner_packet(sizes[i], m_mode);
      Bytes outer = encrypt(inner, m_peer_sas[i % over]);
      if (direction == Direction::outbound) {
        stream.packets.push_back({inner, m_outbound[i % over].value, outer.size()});
      } else {
        stream.packets.push_back({std::move(outer), 0, inner.size()});
      }
    }
    return stream;
  }

  // Both at once; either may be empty.
  void run(Stream& out, Stream& in) {
    const std::array<Stream*, 2> streams{&out, &in};
    for (const Direction direction : directions) {
      for (const Stream::Packet& packet : streams.at(static_cast<std::size_t>(direction))->packets) {
        m_device->queue(direction, packet.sa, packet.bytes, packet.output_bytes);
      }
    }
    m_device->start();
    while (out.finished.size() < out.packets.size() || in.finished.size() < in.packets.size()) {
      m_device->clock(1);
      for (const Direction direction : directions) {
        Stream& stream = *streams.at(static_cast<std::size_t>(direction));
        while (const auto finished = m_device->next(direction)) {
          if (finished->verdict != 0 || finished->error ||
              finished->length != stream.packets[stream.finished.size()].output_bytes) {
            throw std::runtime_error("a packet was not carried: verdict " +
                                     std::to_string(finished->verdict));
          }
          stream.finished.push_back(m_device->cycles());
        }
      }
    }
  }

  Latency latency(Direction direction, const std::vector<std::size_t>& sizes) {
    constexpr std::size_t samples = 6;
    Latency latency;
    for (std::size_t i = 0; i < samples; ++i) {
      Stream one = stream(direction, {sizes[i % sizes.size()]}, 1);
      Stream none;
      run(direction == Direction::outbound ? one : none, direction == Direction::outbound ? none : one);
      latency.least = std::min(latency.least, m_device->latency());
      latency.most = std::max(latency.most, m_device->latency());
      m_device->clock(static_cast<std::uint32_t>(100 + i));
    }
    return latency;
  }

  std::uint32_t sas = 0;

 private:
  Bytes encrypt(const Bytes& packet, driver::SaIndex sa) {
    Bytes output(packet.size() + driver::max_expansion);
    const driver::PacketRequest request{.cookie = 0, .sa = sa, .input = packet, .output = output};
    driver::Completion completion;
    m_peer->submit(Direction::outbound, std::span(&request, 1));
    m_peer->poll(Direction::outbound, std::span(&completion, 1));
    if (completion.verdict != driver::Verdict::ok) {
      throw std::runtime_error("the peer did not carry a packet");
    }
    output.resize(completion.length);
    return output;
  }

  SaMode m_mode;
  std::unique_ptr<RtlDevice> m_device;
  driver::card::SaTables m_tables;
  std::unique_ptr<driver::Engine> m_peer;
  std::vector<driver::SaIndex> m_outbound;
  std::vector<driver::SaIndex> m_peer_sas;
};

json result(Setup& setup, SaMode mode, const std::string& direction, const json& inner_bytes,
            double mean_bytes, std::uint32_t sas, const Stream& stream, const Latency& latency) {
  const double cycles = stream.cycles_per_packet();
  const double limit = stream.limit();
  return {{"top", setup.device().name()},
          {"direction", direction},
          {"mode", name_of(mode)},
          {"inner_bytes", inner_bytes},
          {"sas", sas},
          {"cycles_per_packet", rounded(cycles)},
          {"limit_cycles", rounded(limit)},
          {"ratio", rounded(limit / cycles)},
          {"gbps_at_250mhz", rounded(mean_bytes * 8 * clock_hz / cycles / 1e9)},
          {"mpps_at_250mhz", rounded(clock_hz / cycles / 1e6)},
          {"latency_min", latency.least},
          {"latency_max", latency.most}};
}

void measure(Setup& setup, SaMode mode, json& results, const json& name,
             const std::vector<std::size_t>& sizes) {
  double mean = 0;
  for (const std::size_t size : sizes) {
    mean += static_cast<double>(size) / static_cast<double>(sizes.size());
  }
  std::array<Latency, 2> latency;
  for (const Direction direction : directions) {
    latency.at(static_cast<std::size_t>(direction)) = setup.latency(direction, sizes);
  }
  for (const std::uint32_t over : {std::uint32_t{1}, setup.sas}) {
    Stream none;
    Stream out = setup.stream(Direction::outbound, sizes, over);
    setup.run(out, none);
    results.push_back(result(setup, mode, "outbound", name, mean, over, out, latency[0]));
    Stream in = setup.stream(Direction::inbound, sizes, over);
    none = {};
    setup.run(none, in);
    results.push_back(result(setup, mode, "inbound", name, mean, over, in, latency[1]));
    out = setup.stream(Direction::outbound, sizes, over);
    in = setup.stream(Direction::inbound, sizes, over);
    setup.run(out, in);
    results.push_back(result(setup, mode, "both:outbound", name, mean, over, out, latency[0]));
    results.push_back(result(setup, mode, "both:inbound", name, mean, over, in, latency[1]));
  }
}

json simulation_speed(Setup& setup) {
  Stream out = setup.stream(Direction::outbound, std::vector<std::size_t>(2000, 1420), setup.sas);
  Stream in = setup.stream(Direction::inbound, std::vector<std::size_t>(2000, 1420), setup.sas);
  const std::uint64_t first = setup.device().cycles();
  const std::clock_t start = std::clock();
  setup.run(out, in);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double speed = static_cast<double>(setup.device().cycles() - first) / seconds;
  return {{"top", setup.device().name()},
          {"measure", "simulated cycles per CPU-second, both directions, no trace"},
          {"cycles_per_second", std::round(speed)},
          {"limit_cycles_per_second", wanted_simulation_hz},
          {"ratio", rounded(speed / wanted_simulation_hz)}};
}

// Enough packets that what fills the pipeline, and a memory of 300 cycles, lies in the first third.
std::vector<std::size_t> repeated(std::size_t size) {
  constexpr std::size_t wanted_beats = 5000;
  const std::size_t count = std::clamp<std::size_t>(wanted_beats / beats(size), 46, 1200);
  return std::vector<std::size_t>(count + count % 2, size);
}

// `only`: the tops to measure, all when empty.
int run(std::string_view only) {
  json results = json::array();
  for (const auto& [name, make] :
       std::array<std::pair<std::string_view, std::function<std::unique_ptr<RtlDevice>()>>, 2>{
           {{"esp_core", make_core}, {"esp_lookaside", make_lookaside}}}) {
    if (!only.empty() && only != name) {
      continue;
    }
    for (const SaMode mode : all_sa_modes) {
      Setup setup(make(), mode);
      for (const std::size_t size : {46U, 64U, 65U, 128U, 256U, 512U, 1024U, 1420U, 1500U, 4096U, 9000U}) {
        measure(setup, mode, results, size, repeated(size));
      }
      std::vector<std::size_t> imix;  // 7 : 4 : 1; the small ones as large as IPv6 needs
      for (std::size_t i = 0; i < 600; ++i) {
        constexpr std::array<std::size_t, 12> mix{46, 576, 46, 46, 576, 46, 1500, 46, 576, 46, 576, 46};
        imix.push_back(mix.at(i % mix.size()));
      }
      measure(setup, mode, results, "imix", imix);
      if (name == "esp_core" && mode == SaMode::tunnel_v4) {
        results.push_back(simulation_speed(setup));
      }
    }
  }
  std::puts(results.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace espgate::bench

int main(int count, char** arguments) {
  try {
    return espgate::bench::run(count > 1 ? arguments[1] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rtl_bench: %s\n", error.what());
    return 1;
  }
}
