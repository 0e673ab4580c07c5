// What every Engine answers, whatever it is made of. The tests stand in *_conformance_test.cpp; each engine's
// executable instantiates them with its factory.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "driver/engine.h"
#include "support/harness.h"
#include "support/packets.h"

namespace espgate::driver::test {

struct EngineKind {
  std::string name;
  std::function<Expected<std::unique_ptr<Engine>>()> make;
};

inline void PrintTo(const EngineKind& kind, std::ostream* out) {
  *out << kind.name;
}

class Conformance : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    auto made = GetParam().make();
    ASSERT_TRUE(made) << made.error().message;
    m_engine = std::move(*made);
  }
  Engine& engine() { return *m_engine; }

  std::uint32_t add(const OutboundSa& sa) {
    const auto index = m_engine->add_outbound(sa);
    EXPECT_TRUE(index) << index.error().message;
    return index ? index->value : UINT32_MAX;
  }
  std::uint32_t add(const InboundSa& sa) {
    const auto index = m_engine->add_inbound(sa);
    EXPECT_TRUE(index) << index.error().message;
    return index ? index->value : UINT32_MAX;
  }
  Outcome protect(std::uint32_t sa, const Bytes& packet) {
    return run_one(*m_engine, Direction::outbound, sa, packet);
  }
  Outcome look_up(const Bytes& packet, std::uint8_t spd = 0) {
    return run(*m_engine, Direction::outbound,
               {{.sa = 0, .bytes = packet, .kind = RequestKind::lookup, .spd = spd}})
        .front();
  }
  Outcome dummy(std::uint32_t sa, const Bytes& payload, std::size_t tfc_bytes = 0) {
    return run(*m_engine, Direction::outbound,
               {{.sa = sa, .bytes = payload, .kind = RequestKind::dummy, .tfc_bytes = tfc_bytes}})
        .front();
  }
  Outcome unprotect(const Bytes& packet) { return run_one(*m_engine, Direction::inbound, 0, packet); }
  OutboundSaCounters outbound_counters(std::uint32_t sa) {
    const auto counters = m_engine->outbound_sa_counters({sa});
    EXPECT_TRUE(counters) << counters.error().message;
    return counters.value_or(OutboundSaCounters{});
  }
  InboundSaCounters inbound_counters(std::uint32_t sa) {
    const auto counters = m_engine->inbound_sa_counters({sa});
    EXPECT_TRUE(counters) << counters.error().message;
    return counters.value_or(InboundSaCounters{});
  }
  Counters counters() {
    const auto counters = m_engine->counters();
    EXPECT_TRUE(counters) << counters.error().message;
    return counters.value_or(Counters{});
  }

 private:
  std::unique_ptr<Engine> m_engine;
};

// One for each file.
class CacheConformance : public Conformance {};
class EventConformance : public Conformance {};
class HeaderConformance : public Conformance {};
class InboundConformance : public Conformance {};
class OutboundConformance : public Conformance {};
class ParseConformance : public Conformance {};
class ReplayConformance : public Conformance {};
class SelectorConformance : public Conformance {};
class TableConformance : public Conformance {};
class TfcConformance : public Conformance {};
class TransportConformance : public Conformance {};

// Stands once in each engine's executable.
#define ESPGATE_CONFORMANCE(name, kind)                                         \
  INSTANTIATE_TEST_SUITE_P(name, CacheConformance, ::testing::Values(kind));    \
  INSTANTIATE_TEST_SUITE_P(name, EventConformance, ::testing::Values(kind));    \
  INSTANTIATE_TEST_SUITE_P(name, HeaderConformance, ::testing::Values(kind));   \
  INSTANTIATE_TEST_SUITE_P(name, InboundConformance, ::testing::Values(kind));  \
  INSTANTIATE_TEST_SUITE_P(name, OutboundConformance, ::testing::Values(kind)); \
  INSTANTIATE_TEST_SUITE_P(name, ParseConformance, ::testing::Values(kind));    \
  INSTANTIATE_TEST_SUITE_P(name, ReplayConformance, ::testing::Values(kind));   \
  INSTANTIATE_TEST_SUITE_P(name, SelectorConformance, ::testing::Values(kind)); \
  INSTANTIATE_TEST_SUITE_P(name, TableConformance, ::testing::Values(kind));    \
  INSTANTIATE_TEST_SUITE_P(name, TfcConformance, ::testing::Values(kind));      \
  INSTANTIATE_TEST_SUITE_P(name, TransportConformance, ::testing::Values(kind))

}  // namespace espgate::driver::test
