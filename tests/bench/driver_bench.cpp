// The software engine against the bare library call: AES-256-GCM through OpenSSL's EVP with a fresh IV, AAD
// and tag for each packet, key contexts kept, keys changing on every packet. Same sizes, same run, one core.
#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "bench_sas.h"

namespace espgate::bench {
namespace {

using driver::Direction;
using json = nlohmann::ordered_json;

constexpr std::uint32_t sas = 64;
constexpr std::size_t batch = 64;
constexpr std::chrono::milliseconds time_for_each{400};

template <typename T>
T value(Expected<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

void require(bool good, const char* what) {
  if (!good) {
    throw std::runtime_error(what);
  }
}

// Calls `step`, which handles `batch` packets, for a while; packets per second.
template <typename Step>
double rate(const Step& step) {
  using clock = std::chrono::steady_clock;
  step();
  const auto start = clock::now();
  std::size_t packets = 0;
  while (clock::now() - start < time_for_each) {
    step();
    packets += batch;
  }
  return static_cast<double>(packets) / std::chrono::duration<double>(clock::now() - start).count();
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

double bare_rate(std::size_t bytes) {
  std::vector<Context> contexts;
  for (std::uint32_t n = 0; n < sas; ++n) {
    contexts.emplace_back(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    const Bytes key(32, static_cast<std::uint8_t>(n));
    require(EVP_EncryptInit_ex(contexts.back().get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr) == 1,
            "EVP");
  }
  Bytes text(bytes, 0x42);
  Bytes cipher(bytes + 16);
  std::array<std::uint8_t, 12> nonce{};
  const std::array<std::uint8_t, 12> aad{};
  std::uint64_t number = 0;
  return rate([&] {
    for (std::size_t i = 0; i < batch; ++i) {
      EVP_CIPHER_CTX* context = contexts[i % sas].get();
      store_be64(nonce, 4, ++number);
      int length = 0;
      const bool good =
          EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
          EVP_EncryptUpdate(context, nullptr, &length, aad.data(), static_cast<int>(aad.size())) == 1 &&
          EVP_EncryptUpdate(context, cipher.data(), &length, text.data(), static_cast<int>(text.size())) ==
              1 &&
          EVP_EncryptFinal_ex(context, cipher.data() + length, &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, cipher.data() + bytes) == 1;
      require(good, "EVP");
    }
  });
}

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

json result(const char* direction, std::size_t bytes, double figure, double limit) {
  return {{"engine", "software"},
          {"direction", direction},
          {"inner_bytes", bytes},
          {"sas", sas},
          {"packets_per_second", std::round(figure)},
          {"gbps", std::round(figure * static_cast<double>(bytes) * 8 / 1e6) / 1e3},
          {"limit_packets_per_second", std::round(limit)},
          {"limit_is", "bare EVP AES-256-GCM call of the same size"},
          {"ratio", std::round(figure / limit * 1000) / 1000}};
}

int run() {
  json results = json::array();
  for (const std::size_t bytes : {64U, 512U, 1420U, 8192U}) {
    const auto engine = value(driver::make_software_engine());
    std::vector<driver::SaIndex> rows;
    for (std::uint32_t n = 0; n < sas; ++n) {
      rows.push_back(value(engine->add_outbound(outbound_sa(n))));
      // Without the replay check, so that the same packets may be received again and again.
      driver::InboundSa inbound = inbound_sa(n);
      inbound.replay_check = false;
      value(engine->add_inbound(inbound));
    }
    const double limit = bare_rate(bytes);
    Lane out(*engine, Direction::outbound, bytes);
    results.push_back(result("outbound", bytes, rate([&] { out.run(rows); }), limit));
    Lane in(*engine, Direction::inbound, bytes);
    out.feed(in);
    results.push_back(result("inbound", bytes, rate([&] { in.run({}); }), limit));
  }
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
