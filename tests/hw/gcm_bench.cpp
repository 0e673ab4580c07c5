#include "gcm_bench.h"

#include <VGcmDecrypt.h>
#include <VGcmEncrypt.h>
#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>

namespace espgate::test {
namespace {

// A number whose first byte is the most significant, into a port's 32-bit words (least significant first),
// at the word `at`.
template <typename Port>
void put_number(Port& port, std::size_t at, ByteView bytes) {
  const std::size_t words = bytes.size() / 4;
  for (std::size_t i = 0; i < words; ++i) {
    port[at + words - 1 - i] = load_be32(bytes, 4 * i);
  }
}

// The order of esp_gcm_pkg::hash_powers_t from its last member, which stands in the lowest bits.
constexpr std::array<int, 10> powers_from_lowest = {-2, -1, 20, 16, 12, 8, 4, 3, 2, 1};

struct Expected {
  bool valid = false;
  bool first = false;
  bool last = false;
  std::size_t bytes = 0;
};

template <typename Model>
class Bench final : public GcmBench {
 public:
  Bench() {
    m_model.clk_i = 0;
    reset();
  }
  ~Bench() override {
    m_model.final();
    // Verilator 5.006 takes a dying model's scopes out of the context last used by this thread, which may be
    // another bench's, and gone.
    Verilated::threadContextp(&m_context);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::vector<GcmResult> run(std::span<const GcmPacket> packets, double bubbles,
                             std::mt19937_64& rng) override {
    std::bernoulli_distribution bubble(bubbles);
    m_results.clear();
    for (const GcmPacket& packet : packets) {
      const std::size_t beats = (packet.text.size() + 63) / 64;
      put_packet(packet);
      for (std::size_t beat = 0; beat < beats; ++beat) {
        while (bubbles > 0 && bubble(rng)) {
          put_garbage(rng);
          cycle({});
          put_packet(packet);
        }
        put_beat(packet, beat);
        cycle(slot(packet, beat));
      }
    }
    drain(rng);
    return std::move(m_results);
  }

  void reset_amid(const GcmPacket& packet, unsigned beats) override {
    put_packet(packet);
    for (unsigned beat = 0; beat < beats; ++beat) {
      put_beat(packet, beat);
      cycle(slot(packet, beat));
    }
    reset();
  }

  std::optional<bool> self_test(bool corrupt) override {
    m_model.valid_i = 0;
    m_model.self_test_run_i = 1;
    m_model.self_test_corrupt_i = corrupt;
    clock();
    m_model.self_test_run_i = 0;
    m_model.self_test_corrupt_i = 0;
    for (int i = 0; i < 100; ++i) {
      if (m_model.valid_o != 0) {
        return std::nullopt;
      }
      if (m_model.self_test_done_o != 0) {
        return m_model.self_test_ok_o != 0;
      }
      clock();
    }
    return std::nullopt;
  }

 private:
  void reset() {
    m_model.rst_ni = 0;
    m_model.valid_i = 0;
    for (int i = 0; i < 2; ++i) {
      clock();
    }
    m_model.rst_ni = 1;
    m_expected.assign(latency - 1, {});
    m_results.clear();
  }

  void clock() {
    m_model.clk_i = 1;
    m_model.eval();
    m_model.clk_i = 0;
    m_model.eval();
  }

  void drain(std::mt19937_64& rng) {
    for (unsigned i = 0; i < latency; ++i) {
      put_garbage(rng);
      cycle({});
    }
  }

  static Expected slot(const GcmPacket& packet, std::size_t beat) {
    const std::size_t left = packet.text.size() - 64 * beat;
    return {.valid = true, .first = beat == 0, .last = left <= 64, .bytes = std::min<std::size_t>(left, 64)};
  }

  // One slot in, and the slot of LATENCY cycles ago out.
  void cycle(const Expected& in) {
    m_model.valid_i = in.valid;
    if (in.valid) {
      m_model.first_i = in.first;
      m_model.last_i = in.last;
      m_model.bytes_i = static_cast<std::uint8_t>(in.bytes);
    }
    clock();
    m_expected.push_back(in);
    const Expected out = m_expected.front();
    m_expected.pop_front();
    ASSERT_EQ(m_model.valid_o, out.valid);
    if (!out.valid) {
      return;
    }
    ASSERT_EQ(m_model.first_o, out.first);
    ASSERT_EQ(m_model.last_o, out.last);
    std::array<std::uint8_t, 64> bytes{};
    std::memcpy(bytes.data(), &m_model.data_o[0], 64);
    ASSERT_TRUE(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(out.bytes), bytes.end(),
                            [](std::uint8_t b) { return b == 0; }))
        << "bytes past the count are not zero";
    if (out.first) {
      m_results.emplace_back();
    }
    GcmResult& result = m_results.back();
    result.text.insert(result.text.end(), bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(out.bytes));
    if (out.last) {
      for (std::size_t i = 0; i < 4; ++i) {
        store_be32(result.tag, 4 * i, m_model.tag_o[3 - i]);
      }
    }
  }

  void put_packet(const GcmPacket& packet) {
    Bytes key = packet.key;
    key.resize(32);
    put_number(m_model.key_i, 0, key);
    m_model.key_256_i = packet.key.size() == 32;
    m_model.gmac_i = packet.gmac;
    put_number(m_model.nonce_i, 0, packet.nonce);
    Bytes aad = packet.aad;
    aad.resize(16);
    put_number(m_model.aad_i, 0, aad);
    m_model.aad_bytes_i = static_cast<std::uint8_t>(packet.aad.size());
    m_model.length_i = static_cast<std::uint16_t>(packet.text.size());
    const Block h = aes_encrypt_cached(packet.key);
    if (h != m_powers_of) {
      m_powers_of = h;
      for (std::size_t i = 0; i < powers_from_lowest.size(); ++i) {
        m_powers[i] = gf128_power(h, powers_from_lowest[i]);
      }
    }
    for (std::size_t i = 0; i < m_powers.size(); ++i) {
      put_number(m_model.powers_i, 4 * i, m_powers[i]);
    }
  }

  const Block& aes_encrypt_cached(const Bytes& key) {
    if (key != m_key) {
      m_key = key;
      m_h = aes_encrypt(key, {});
    }
    return m_h;
  }

  // With bytes past the count, which the core must not let through.
  void put_beat(const GcmPacket& packet, std::size_t beat) {
    std::array<std::uint8_t, 64> bytes{};
    bytes.fill(static_cast<std::uint8_t>(0xa5 + beat));
    const std::size_t left = std::min<std::size_t>(packet.text.size() - 64 * beat, 64);
    std::memcpy(bytes.data(), packet.text.data() + 64 * beat, left);
    std::memcpy(&m_model.data_i[0], bytes.data(), 64);
  }

  void put_garbage(std::mt19937_64& rng) {
    for (std::size_t i = 0; i < 16; ++i) {
      m_model.data_i[i] = static_cast<std::uint32_t>(rng());
    }
    for (std::size_t i = 0; i < 40; ++i) {
      m_model.powers_i[i] = static_cast<std::uint32_t>(rng());
    }
    for (std::size_t i = 0; i < 8; ++i) {
      m_model.key_i[i] = static_cast<std::uint32_t>(rng());
    }
    for (std::size_t i = 0; i < 4; ++i) {
      m_model.aad_i[i] = static_cast<std::uint32_t>(rng());
    }
    m_model.first_i = rng() & 1;
    m_model.last_i = rng() & 1;
    m_model.bytes_i = rng() & 127;
    m_model.key_256_i = rng() & 1;
    m_model.gmac_i = rng() & 1;
    m_model.aad_bytes_i = rng() & 31;
    m_model.length_i = rng() & 0xffff;
  }

  VerilatedContext m_context;
  Model m_model{&m_context};
  std::deque<Expected> m_expected;
  std::vector<GcmResult> m_results;
  Bytes m_key;
  Block m_h{};
  Block m_powers_of{};
  std::array<Block, 10> m_powers{};
};

static_assert(std::endian::native == std::endian::little, "data_i's words are filled as bytes");

}  // namespace

std::unique_ptr<GcmBench> GcmBench::make(GcmDirection direction) {
  if (direction == GcmDirection::encrypt) {
    return std::make_unique<Bench<VGcmEncrypt>>();
  }
  return std::make_unique<Bench<VGcmDecrypt>>();
}

}  // namespace espgate::test
