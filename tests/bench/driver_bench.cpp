// The software engine against the bare library calls of the same size, in the same run, on one core: packets
// in both directions, another SA on every packet. Then SAs and the card (driver_bench_sas.cpp, _card.cpp).
#include "driver_bench.h"

#include <array>
#include <cstdio>
#include <vector>

#include "bench_sas.h"

namespace espgate::bench {
namespace {

using driver::CryptoLibrary;
using driver::Direction;

// One direction of the engine over a batch of packets, each in an SA of its own.
class Lane {
 public:
  Lane(driver::Engine& engine, Direction direction, std::size_t bytes)
      : m_engine(engine), m_direction(direction) {
    for (std::size_t i = 0; i < batch; ++i) {
      m_inputs.push_back(inner_packet(bytes));
      m_outputs.emplace_back(bytes + 2 * driver::max_expansion);
    }
    m_requests.resize(batch);
    m_completions.resize(batch);
  }
  void run(const std::vector<driver::SaIndex>& rows) {
    for (std::size_t i = 0; i < batch; ++i) {
      m_requests[i] = {.cookie = i,
                       .sa = rows.empty() ? driver::SaIndex{} : rows[i % rows.size()],
                       .input = m_inputs[i],
                       .output = m_outputs[i]};
    }
    require(m_engine.submit(m_direction, m_requests) == batch, "submit");
    std::size_t done = 0;
    while (done < batch) {
      done += m_engine.poll(m_direction, std::span(m_completions).subspan(done));
    }
    for (const driver::Completion& completion : m_completions) {
      require(completion.verdict == driver::Verdict::ok, "a packet was dropped");
    }
  }
  // What came out, as the input of the other direction.
  void feed(Lane& other) const {
    for (const driver::Completion& completion : m_completions) {
      const Bytes& output = m_outputs[completion.cookie];
      other.m_inputs[completion.cookie].assign(output.begin(), output.begin() + completion.length);
    }
  }

 private:
  driver::Engine& m_engine;
  Direction m_direction;
  std::vector<Bytes> m_inputs;
  std::vector<Bytes> m_outputs;
  std::vector<driver::PacketRequest> m_requests;
  std::vector<driver::Completion> m_completions;
};

const char* name_of(CryptoLibrary library) {
  return library == CryptoLibrary::openssl ? "openssl" : "ipsec_mb";
}

void measure_packets(json& results, CryptoLibrary library, std::size_t bytes) {
  if (!is_available(library)) {
    std::fprintf(stderr, "driver_bench: %s is not there, or not for this processor\n", name_of(library));
    return;
  }
  const auto engine = value(driver::make_software_engine({.crypto = library}));
  std::vector<driver::SaIndex> rows;
  for (std::uint32_t n = 0; n < sas; ++n) {
    rows.push_back(value(engine->add_outbound(outbound_sa(n))));
    // Without the replay check, so that the same packets may be received again and again.
    driver::InboundSa inbound = inbound_sa(n);
    inbound.replay_check = false;
    value(engine->add_inbound(inbound));
  }
  Lane out(*engine, Direction::outbound, bytes);
  Lane in(*engine, Direction::inbound, bytes);
  const auto add = [&](Direction direction, double figure) {
    const auto limit = bare_rate(library, direction, bytes);
    if (!limit) {
      throw std::runtime_error("a library that the engine has and the bench has not");
    }
    results.push_back({{"engine", "software"},
                       {"what", "packets"},
                       {"library", name_of(library)},
                       {"direction", direction == Direction::outbound ? "outbound" : "inbound"},
                       {"inner_bytes", bytes},
                       {"per_second", std::round(figure)},
                       {"gbps", rounded(figure * static_cast<double>(bytes) * 8 / 1e9)},
                       {"limit_per_second", std::round(*limit)},
                       {"limit_is", "the library's bare call, AES-256-GCM of the same size"},
                       {"ratio", rounded(figure / *limit)}});
  };
  add(Direction::outbound, rate(batch, [&] { out.run(rows); }));
  out.feed(in);
  add(Direction::inbound, rate(batch, [&] { in.run({}); }));
}

int run() {
  json results = json::array();
  for (const CryptoLibrary library : {CryptoLibrary::ipsec_mb, CryptoLibrary::openssl}) {
    for (const std::size_t bytes : {64U, 512U, 1420U, 8192U}) {
      measure_packets(results, library, bytes);
    }
  }
  measure_sas(results);
  measure_cards(results);
  std::puts(results.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace espgate::bench

int main() {
  try {
    return espgate::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "driver_bench: %s\n", error.what());
    return 1;
  }
}
