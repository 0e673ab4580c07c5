// What the parts of the driver's bench share. Failures throw; main() says them.
#pragma once

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "driver/engine.h"

namespace espgate::bench {

using json = nlohmann::ordered_json;

// SAs in turn, another one on every packet; packets in a batch.
inline constexpr std::uint32_t sas = 64;
inline constexpr std::size_t batch = 64;

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}
inline void value(Expected<> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
}

inline void require(bool good, const char* what) {
  if (!good) {
    throw std::runtime_error(what);
  }
}

// Calls `step`, which handles `count` things, for a while; things per second. The best of three, since other
// programs run on this machine too.
template <typename Step>
double rate(std::size_t count, const Step& step) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds time_for_each{150};
  double best = 0;
  step();
  for (int round = 0; round < 3; ++round) {
    const auto start = clock::now();
    std::size_t done = 0;
    while (clock::now() - start < time_for_each) {
      step();
      done += count;
    }
    best = std::max(best,
                    static_cast<double>(done) / std::chrono::duration<double>(clock::now() - start).count());
  }
  return best;
}

inline double rounded(double figure, double to = 1000) {
  return std::round(figure * to) / to;
}

// Packets per second of the bare library call, AES-256-GCM with a fresh IV, 12 bytes of AAD and an ICV for
// each packet, expanded keys kept, another key on every packet. nullopt where the library is not there.
std::optional<double> bare_rate(driver::CryptoLibrary library, driver::Direction direction,
                                std::size_t bytes);

// Adds to `results`.
void measure_sas(json& results);
void measure_cards(json& results);

}  // namespace espgate::bench
