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

TEST(Allocation, NoneForAPacketWhateverBecomesOfIt) {
  const auto made = make_software_engine({.outbound_sas = 4, .inbound_sas = 4});
  ASSERT_TRUE(made);
  Engine& engine = **made;
  OutboundSa sa = outbound_sa();
  sa.lease_low = 1;
  const auto from = engine.add_outbound(sa);
  const auto to = engine.add_inbound(peer_of(sa));
  ASSERT_TRUE(from && to);
  const Bytes inner = packet_of(1400);
  Bytes protected_packet(inner.size() + max_expansion);
  Bytes received(protected_packet.size() + max_expansion);
  Completion completion;
  Event event;
  const auto carry = [&](Direction direction, ByteView input, ByteSpan output) {
    const PacketRequest request{.cookie = 0, .sa = *from, .input = input, .output = output};
    engine.submit(direction, std::span(&request, 1));
    engine.poll(direction, std::span(&completion, 1));
    engine.poll_events(std::span(&event, 1));
    return completion.verdict;
  };
  // The first of each kind may set something up inside OpenSSL.
  std::size_t before = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 1) {
      before = allocations;
    }
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(carry(Direction::outbound, inner, protected_packet), Verdict::ok);
      const ByteSpan packet = ByteSpan(protected_packet).first(completion.length);
      packet.back() ^= 1;
      ASSERT_EQ(carry(Direction::inbound, packet, received), Verdict::icv_failed);
      packet.back() ^= 1;
      ASSERT_EQ(carry(Direction::inbound, packet, received), Verdict::ok);
      ASSERT_EQ(carry(Direction::inbound, packet, received), Verdict::replay_duplicate);
      ASSERT_EQ(carry(Direction::outbound, packet.first(10), received), Verdict::header_malformed);
    }
  }
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(ERR_peek_error(), 0U)
      << "a wrong ICV is no error of OpenSSL's, and must not look like one to others";
}

}  // namespace
}  // namespace espgate::driver::test
