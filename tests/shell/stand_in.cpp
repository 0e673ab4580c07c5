#include "stand_in.h"

#include <VStandInLookaside.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <stdexcept>

#include "base/hex.h"
#include "verilated_lookaside.h"

namespace espgate::sim::test {
namespace {

constexpr std::size_t arena_bytes = std::size_t{32} << 20U;

std::unique_ptr<EspLookaside> make_card(const std::string& trace_path) {
  auto card = VerilatedLookaside<VStandInLookaside>::make({.trace_path = trace_path});
  if (!card) {
    throw std::runtime_error(card.error().message);
  }
  return std::move(*card);
}

std::size_t lines(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

Bytes asking(std::size_t bytes, const Answer& answer, std::uint32_t fill) {
  Bytes input(bytes);
  std::minstd_rand random(fill + 1);
  std::ranges::generate(input, [&] { return static_cast<std::uint8_t>(random() >> 8); });
  input.at(0) = static_cast<std::uint8_t>(answer.output);
  input.at(1) = static_cast<std::uint8_t>(answer.output >> 8);
  input.at(2) = answer.verdict;
  input.at(3) = static_cast<std::uint8_t>((answer.late ? 1 : 0) | (answer.echo_request ? 2 : 0));
  input.at(4) = static_cast<std::uint8_t>(answer.sa);
  input.at(5) = static_cast<std::uint8_t>(answer.sa >> 8);
  for (std::size_t i = 0; i < 6; ++i) {
    input.at(8 + i) = static_cast<std::uint8_t>(answer.next_hop >> 8 * i);
  }
  return input;
}

Bytes answered(ByteView input, const Answer& answer) {
  // The last beat of the input is whole in memory, with whatever stands behind the packet: zeros here.
  Bytes output(input.begin(), input.end());
  output.resize(lines(input.size()), 0);
  output.resize(answer.output, 0xa5);
  return output;
}

LookasideBench::LookasideBench(std::uint32_t log2, const std::string& trace_path)
    : m_card(make_card(trace_path)), m_host(*m_card), m_arena(m_host.allocate(arena_bytes)) {
  m_host.start(Side::outbound, log2);
  m_host.start(Side::inbound, log2);
}

LookasideBench::Sent LookasideBench::post(Side side, Bytes input, const Answer& answer, std::uint32_t slack) {
  const std::size_t input_bytes = lines(input.size());
  const std::size_t output_bytes = lines(answer.output + slack) + guard;
  if (m_used + input_bytes + output_bytes > arena_bytes) {
    m_used = 0;
  }
  Sent sent{.descriptor = {.cookie = ++m_cookie,
                           .input = m_arena + m_used,
                           .output = m_arena + m_used + input_bytes,
                           .length = static_cast<std::uint32_t>(input.size()),
                           .capacity = answer.output + slack,
                           .sa = static_cast<std::uint32_t>(m_cookie * 7 & 0xffff)},
            .answer = answer,
            .input = std::move(input)};
  m_used += input_bytes + output_bytes;
  const ByteSpan in = m_card->memory().at(sent.descriptor.input, input_bytes);
  std::ranges::fill(in, std::uint8_t{0});
  std::ranges::copy(sent.input, in.begin());
  std::ranges::fill(m_card->memory().at(sent.descriptor.output, output_bytes), untouched);
  m_host.post(side, sent.descriptor);
  return sent;
}

void LookasideBench::expect(const Sent& sent, const LookasideCompletion& completion) {
  EXPECT_EQ(completion.cookie, sent.descriptor.cookie);
  EXPECT_EQ(completion.error, shell::error_none);
  EXPECT_EQ(completion.verdict, sent.answer.verdict);
  EXPECT_EQ(completion.length, sent.answer.output);
  const ByteSpan output = m_card->memory().at(sent.descriptor.output, lines(sent.answer.output) + guard);
  const Bytes expected = answered(sent.input, sent.answer);
  EXPECT_TRUE(std::ranges::equal(output.first(expected.size()), expected))
      << "of " << sent.input.size() << " bytes, expected " << to_hex(expected) << "\ngot "
      << to_hex(output.first(expected.size()));
  EXPECT_TRUE(std::ranges::all_of(output.subspan(expected.size()), [](auto b) { return b == untouched; }))
      << "bytes behind the packet were written";
}

void LookasideBench::exchange(std::size_t count, std::uint32_t seed) {
  std::minstd_rand random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() >> 4) % n; };
  std::array<std::deque<Sent>, 2> sent;
  std::array<std::size_t, 2> done{};
  std::array<std::size_t, 2> posted{};
  std::size_t idle = 0;
  while (done[0] + done[1] < 2 * count && idle < 20000) {
    for (const Side side : {Side::outbound, Side::inbound}) {
      const auto s = static_cast<std::size_t>(side);
      // Doorbells for few and for many descriptors at once, with pauses between them.
      const std::uint32_t batch = below(4) == 0 ? below(40) : below(30) == 0 ? 1 : 0;
      std::uint32_t added = 0;
      while (added < batch && posted.at(s) < count && m_host.room(side) > 0) {
        const std::size_t bytes = below(20) == 0 ? 14 + below(16370) : 14 + below(300);
        const Answer answer{
            .output = below(8) == 0 ? 0 : static_cast<std::uint32_t>(bytes) / 2 + 1 + below(400),
            .verdict = static_cast<std::uint8_t>(below(30)),
            .late = below(2) == 0,
            .sa = static_cast<std::uint16_t>(below(65536)),
            .next_hop = std::uint64_t{below(65536)} << 24U | below(65536)};
        sent.at(s).push_back(post(side,
                                  asking(bytes, answer, seed + static_cast<std::uint32_t>(posted.at(s))),
                                  answer, below(3) == 0 ? below(100) : 0));
        ++posted.at(s);
        ++added;
      }
      if (added > 0) {
        m_host.doorbell(side);
      }
      while (const auto completion = m_host.poll(side)) {
        ASSERT_FALSE(sent.at(s).empty());
        expect(sent.at(s).front(), *completion);
        EXPECT_EQ(completion->next_hop, sent.at(s).front().answer.next_hop);
        EXPECT_EQ(completion->sa,
                  side == Side::outbound ? sent.at(s).front().descriptor.sa : sent.at(s).front().answer.sa);
        sent.at(s).pop_front();
        ++done.at(s);
        idle = 0;
        if (::testing::Test::HasFailure()) {
          return;
        }
      }
    }
    m_card->clock(1 + below(20));
    ++idle;
  }
  EXPECT_EQ(done[0], count);
  EXPECT_EQ(done[1], count);
}

void LookasideBench::expect_no_violations() {
  for (const std::string& violation : m_card->memory().violations) {
    ADD_FAILURE() << violation;
  }
}

}  // namespace espgate::sim::test
