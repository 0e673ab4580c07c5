// The software engine's promise: a packet costs no allocation and leaves nothing in OpenSSL's error queue. An
// executable of its own, since it replaces the allocators of the whole process.
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/harness.h"
#include "support/packets.h"

namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): operator new has no other place to
// count in
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t bytes) {
  ++allocations;
  return std::malloc(bytes);
}

void* openssl_allocate(std::size_t bytes, const char* /*file*/, int /*line*/) {
  return counted(bytes);
}
void* openssl_reallocate(void* from, std::size_t bytes, const char* /*file*/, int /*line*/) {
  ++allocations;
  return std::realloc(from, bytes);
}
void openssl_free(void* what, const char* /*file*/, int /*line*/) {
  std::free(what);
}

// OpenSSL takes these only before it has allocated anything.
const bool openssl_is_counted =
    CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_free) == 1;

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* memory = counted(bytes)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace espgate::driver::test {
namespace {

TEST(Allocation, IsCounted) {
  ASSERT_TRUE(openssl_is_counted);
  const std::size_t before = allocations;
  const auto engine = make_software_engine({.outbound_sas = 4, .inbound_sas = 4});
  EXPECT_GT(allocations, before);
  const std::size_t with_engine = allocations;
  ASSERT_TRUE((*engine)->add_outbound(outbound_sa()));
  EXPECT_GT(allocations, with_engine) << "the key's context comes from OpenSSL's allocator";
}

// One packet of a kind of SA through both directions, and what may become of others.
class Carrier {
 public:
  Carrier(Engine& engine, const OutboundSa& sa, Bytes inner) : m_engine(engine), m_inner(std::move(inner)) {
    const auto from = engine.add_outbound(sa);
    const auto to = engine.add_inbound(peer_of(sa));
    EXPECT_TRUE(from && to);
    m_from = from.value_or(SaIndex{});
  }

  void run() {
    ASSERT_EQ(carry(Direction::outbound, RequestKind::protect, m_inner, m_protected), Verdict::ok);
    const ByteSpan packet = ByteSpan(m_protected).first(m_completion.length);
    packet.back() ^= 1;
    ASSERT_EQ(carry(Direction::inbound, {}, packet, m_received), Verdict::icv_failed);
    packet.back() ^= 1;
    ASSERT_EQ(carry(Direction::inbound, {}, packet, m_received), Verdict::ok);
    ASSERT_EQ(carry(Direction::inbound, {}, packet, m_received), Verdict::replay_duplicate);
    ASSERT_EQ(carry(Direction::outbound, RequestKind::protect, packet.first(10), m_received),
              Verdict::header_malformed);
    ASSERT_EQ(carry(Direction::outbound, RequestKind::dummy, m_inner, m_protected), Verdict::ok);
    ASSERT_EQ(carry(Direction::inbound, {}, ByteSpan(m_protected).first(m_completion.length), m_received),
              Verdict::dummy);
    ASSERT_EQ(carry(Direction::outbound, RequestKind::lookup, m_inner, m_protected), Verdict::bypassed);
    ASSERT_EQ(carry(Direction::inbound, {}, m_inner, m_received), Verdict::policy_discard);
  }

 private:
  Verdict carry(Direction direction, RequestKind kind, ByteView input, ByteSpan output) {
    const PacketRequest request{.cookie = 0, .sa = m_from, .kind = kind, .input = input, .output = output};
    m_engine.submit(direction, std::span(&request, 1));
    m_engine.poll(direction, std::span(&m_completion, 1));
    m_engine.poll_events(std::span(&m_event, 1));
    return m_completion.verdict;
  }

  Engine& m_engine;
  SaIndex m_from;
  Bytes m_inner;
  Bytes m_protected = Bytes(2000);
  Bytes m_received = Bytes(2200);
  Completion m_completion;
  Event m_event;
};

void expect_none_for_a_packet(CryptoLibrary library) {
  const auto made =
      make_software_engine({.outbound_sas = 8, .inbound_sas = 8, .spd_cache_entries = 8, .crypto = library});
  ASSERT_TRUE(made);
  Engine& engine = **made;
  for (const bool ipv6 : {false, true}) {
    Flow flow{.protocol = 17, .ports_known = true, .source_port = 1000, .destination_port = 2000};
    flow.source = ipv6 ? *IpAddress::parse("2001:db8:1::5") : IpAddress::v4(0x0a010005);
    flow.destination = ipv6 ? *IpAddress::parse("2001:db8:2::7") : IpAddress::v4(0x0a020007);
    ASSERT_TRUE(engine.cache_policy(Direction::outbound, flow, Policy::bypass));
    ASSERT_TRUE(engine.cache_policy(Direction::inbound, flow, Policy::discard));
  }
  std::vector<Carrier> carriers;
  std::uint32_t spi = 0x1000;
  for (const Mode mode : {Mode::tunnel, Mode::transport}) {
    for (const Cipher cipher : {Cipher::aes_gcm_16, Cipher::null_aes_gmac}) {
      for (const bool ipv6 : {false, true}) {
        OutboundSa sa = ipv6 ? outbound_sa6(++spi) : outbound_sa(++spi);
        sa.mode = mode;
        sa.cipher = cipher;
        sa.esn = true;
        sa.lease_low = 1;
        sa.tfc_bytes = 1500;
        sa.encapsulation = UdpEncapsulation{};
        if (mode == Mode::transport) {
          sa.outer_destination = ipv6 ? *IpAddress::parse("2001:db8:2::7") : IpAddress::v4(0x0a020007);
        }
        carriers.emplace_back(engine, sa, ipv6 ? packet6_of(1300) : packet_of(1300));
      }
    }
  }
  // The first of each kind may set something up inside OpenSSL.
  std::size_t before = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 1) {
      before = allocations;
    }
    for (int i = 0; i < 100; ++i) {
      for (Carrier& carrier : carriers) {
        carrier.run();
        ASSERT_FALSE(::testing::Test::HasFatalFailure());
      }
    }
  }
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(ERR_peek_error(), 0U)
      << "a wrong ICV is no error of OpenSSL's, and must not look like one to others";
}

TEST(Allocation, NoneForAPacketWhateverBecomesOfIt) {
  expect_none_for_a_packet(CryptoLibrary::openssl);
}

TEST(Allocation, NoneWithIpsecMb) {
  if (!is_available(CryptoLibrary::ipsec_mb)) {
    GTEST_SKIP() << "libipsec-mb is not there, or not for this processor";
  }
  expect_none_for_a_packet(CryptoLibrary::ipsec_mb);
}

}  // namespace
}  // namespace espgate::driver::test
