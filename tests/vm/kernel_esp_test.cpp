// The XFRM back end against a kernel with ESP: every algorithm that the kernel offers, every shape of SA, and
// what the kernel tells of them.
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "traffic.h"

namespace espgate::vm {
namespace {

using xfrm::Encryption;
using xfrm::Integrity;
using xfrm::Suite;
using xfrm::testing::in_namespace;
using xfrm::testing::run;
using Clock = std::chrono::steady_clock;

// Events of one kind, in order, until `count` came; for at most 20 seconds.
template <typename T>
std::vector<T> events_of(xfrm::Xfrm& kernel, std::size_t count) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  std::vector<T> found;
  while (found.size() < count && Clock::now() < deadline) {
    pollfd ready{.fd = kernel.event_descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 1000);
    const auto events = kernel.poll_events();
    EXPECT_TRUE(events);
    for (const xfrm::Event& event : events.value_or(std::vector<xfrm::Event>{})) {
      if (const T* wanted = std::get_if<T>(&event)) {
        found.push_back(*wanted);
      }
    }
  }
  EXPECT_EQ(found.size(), count) << "events that came";
  return found;
}

// Two hosts with Xfrm in each, for one tunnel after the other.
struct Lab {
  TwoHosts hosts;
  Kernels kernels{hosts};

  // Installs on both hosts, sends, wants all of it back, under the SAs and without an error on either side,
  // and removes everything again.
  void carries(const TunnelSpec& spec, const std::string& name) const;
};

void Lab::carries(const TunnelSpec& spec, const std::string& name) const {
  std::optional<Socket> natt_a;
  std::optional<Socket> natt_b;
  if (spec.encapsulated) {
    natt_a.emplace(hosts.a, outer(spec, 'a'), 4500, true);
    natt_b.emplace(hosts.b, outer(spec, 'b'), 4500, true);
  }
  const auto connected = connect(kernels, spec);
  ASSERT_TRUE(connected) << name << ": " << connected.error().message;
  EXPECT_EQ(exchange(hosts, spec), 4) << name << ": a " << errors_of(hosts.a) << "b " << errors_of(hosts.b);
  for (const char host : {'a', 'b'}) {
    xfrm::Xfrm& kernel = host == 'a' ? *kernels.a : *kernels.b;
    const auto states = kernel.states();
    ASSERT_TRUE(states) << name;
    EXPECT_EQ(states->size(), 2U) << name;
    std::vector<xfrm::StateId> ids;
    for (const xfrm::KernelState& state : *states) {
      EXPECT_EQ(state.packets, 4U) << name << ": " << to_string(state.id);
      EXPECT_GE(state.bytes, 4U * 20) << name;
      // Without a window the kernel keeps no account of what came.
      const bool counted = spec.window != 0 || state.id.spi == (host == 'a' ? spi_to_b : spi_to_a);
      EXPECT_EQ(std::max(state.inbound_sequence, state.outbound_sequence), counted ? spec.sequence + 4 : 0)
          << name;
      EXPECT_EQ(state.esn, spec.esn) << name;
      ids.push_back(state.id);
    }
    const auto policies = policies_of(spec, host);
    for (const auto& removed : kernel.remove(std::vector{policies[0].id, policies[1].id}, ids)) {
      EXPECT_TRUE(removed) << name << ": " << removed.error().message;
    }
    EXPECT_TRUE(kernel.states()->empty()) << name;
  }
}

TEST(KernelEsp, HasWhatRfc8221Demands) {
  in_namespace([] {
    const auto kernel = xfrm::Xfrm::open();
    ASSERT_TRUE(kernel);
    const auto support = (*kernel)->probe();
    ASSERT_TRUE(support) << support.error().message;
    for (const Suite& suite : {Suite{Encryption::aes_cbc, 128, Integrity::hmac_sha2_256_128},
                               Suite{Encryption::aes_cbc, 256, Integrity::hmac_sha2_256_128},
                               Suite{Encryption::aes_cbc, 128, Integrity::hmac_sha2_512_256},
                               Suite{Encryption::aes_gcm_16, 128, Integrity::none},
                               Suite{Encryption::aes_gcm_16, 256, Integrity::none},
                               Suite{Encryption::aes_ccm_8, 128, Integrity::none},
                               Suite{Encryption::chacha20_poly1305, 256, Integrity::none},
                               Suite{Encryption::null, 0, Integrity::hmac_sha2_256_128},
                               Suite{Encryption::none, 0, Integrity::hmac_sha2_256_128}}) {
      const auto found = std::ranges::find(*support, suite, &xfrm::SuiteSupport::suite);
      const bool probed = found != support->end();
      EXPECT_TRUE(probed || suite == (Suite{Encryption::aes_cbc, 256, Integrity::hmac_sha2_256_128}))
          << to_string(suite);
      EXPECT_TRUE(!probed || found->offered) << to_string(suite) << ": " << (probed ? found->reason : "");
    }
    for (const xfrm::SuiteSupport& suite : *support) {
      if (!suite.offered) {
        std::printf("not offered: %s: %s\n", to_string(suite.suite).c_str(), suite.reason.c_str());
      }
    }
  });
}

// What the probe says holds: each offered suite carries packets, in the mode that suits ESP and AH alike.
TEST(KernelEsp, CarriesEveryAlgorithmThatItOffers) {
  in_namespace([] {
    const Lab lab;
    const auto support = lab.kernels.a->probe();
    ASSERT_TRUE(support);
    int carried = 0;
    for (const xfrm::SuiteSupport& suite : *support) {
      if (suite.offered) {
        TunnelSpec spec;
        spec.suite = suite.suite;
        lab.carries(spec, to_string(suite.suite));
        ++carried;
      }
    }
    std::printf("%d of %zu suites carried packets\n", carried, support->size());
    EXPECT_GE(carried, 30);
  });
}

TEST(KernelEsp, CarriesEveryPairOfFamilies) {
  in_namespace([] {
    const Lab lab;
    for (const bool outer_v6 : {false, true}) {
      for (const bool inner_v6 : {false, true}) {
        for (const Suite& suite : {xfrm::testing::gcm_128, xfrm::testing::cbc_sha256}) {
          TunnelSpec spec;
          spec.suite = suite;
          spec.outer_v6 = outer_v6;
          spec.inner_v6 = inner_v6;
          lab.carries(spec, to_string(suite) + (inner_v6 ? " v6" : " v4") + (outer_v6 ? " in v6" : " in v4"));
        }
      }
    }
  });
}

TEST(KernelEsp, CarriesTransportMode) {
  in_namespace([] {
    const Lab lab;
    for (const bool v6 : {false, true}) {
      for (const Suite& suite :
           {xfrm::testing::gcm_128, Suite{Encryption::none, 0, Integrity::hmac_sha2_256_128}}) {
        TunnelSpec spec;
        spec.suite = suite;
        spec.mode = driver::Mode::transport;
        spec.outer_v6 = v6;
        lab.carries(spec, to_string(suite) + (v6 ? " over v6" : " over v4"));
      }
    }
  });
}

TEST(KernelEsp, CarriesExtendedSequenceNumbersWithEveryWindow) {
  in_namespace([] {
    const Lab lab;
    for (const std::uint32_t window : {1U, 32U, 64U, 128U, 2048U, 4096U}) {
      TunnelSpec spec;
      spec.esn = true;
      spec.window = window;
      spec.sequence = 0x2'ffff'fffd;  // the low half wraps on the way
      lab.carries(spec, "window " + std::to_string(window));
    }
    TunnelSpec unchecked;
    unchecked.window = 0;
    lab.carries(unchecked, "no window");
  });
}

TEST(KernelEsp, CarriesUdpEncapsulation) {
  in_namespace([] {
    const Lab lab;
    for (const driver::Mode mode : {driver::Mode::tunnel, driver::Mode::transport}) {
      for (const bool v6 : {false, true}) {
        TunnelSpec spec;
        spec.encapsulated = true;
        spec.mode = mode;
        spec.outer_v6 = v6;
        lab.carries(spec, v6 ? "over v6" : "over v4");
      }
    }
  });
}

TEST(KernelEsp, PadsAgainstTrafficAnalysis) {
  in_namespace([] {
    const Lab lab;
    TunnelSpec spec;
    spec.tfc_bytes = 1280;
    lab.carries(spec, "TFC");
  });
}

TEST(KernelEsp, TellsOfSoftAndHardLimits) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    TunnelSpec spec;
    spec.lifetime.volume.soft_packets = 3;
    spec.lifetime.volume.hard_packets = 6;
    ASSERT_TRUE(connect(kernels, spec));
    EXPECT_LT(exchange(hosts, spec, 10, 200), 10) << "a hard limit ends the traffic";
    // The last datagram finds no SA and has no answer: the inbound SA sees its soft limit alone.
    auto expiries = events_of<xfrm::Expire>(*kernels.a, 3);
    std::erase_if(expiries, [](const xfrm::Expire& expire) { return expire.id.spi == spi_to_a; });
    ASSERT_EQ(expiries.size(), 2U);
    EXPECT_FALSE(expiries[0].hard);
    EXPECT_TRUE(expiries[1].hard);
    EXPECT_EQ(expiries[1].id.spi, spi_to_b);
    EXPECT_EQ(expiries[1].reqid, xfrm::Tag{}.reqid(1));
    EXPECT_FALSE(kernels.a->state(expiries[1].id)) << "the kernel has removed it";
    EXPECT_TRUE(kernels.a->resync()->states_missing.empty()) << "and we were told";
  });
}

TEST(KernelEsp, TellsOfLimitsInSeconds) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    TunnelSpec spec;
    spec.lifetime.soft_seconds = 1;
    spec.lifetime.hard_seconds = 2;
    ASSERT_TRUE(connect(kernels, spec));
    const auto expiries = events_of<xfrm::Expire>(*kernels.a, 4);
    EXPECT_EQ(std::ranges::count(expiries, true, &xfrm::Expire::hard), 2);
    EXPECT_TRUE(kernels.a->states()->empty());
  });
}

TEST(KernelEsp, TellsOfLimitsInBytes) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    TunnelSpec spec;
    spec.lifetime.volume.soft_bytes = 10;
    ASSERT_TRUE(connect(kernels, spec));
    EXPECT_EQ(exchange(hosts, spec, 2), 2);  // the kernel looks at the bytes of the packets before
    const auto expiries = events_of<xfrm::Expire>(*kernels.a, 2);
    EXPECT_EQ(std::ranges::count(expiries, false, &xfrm::Expire::hard), 2);
    EXPECT_EQ(kernels.a->states()->size(), 2U);
  });
}

// A packet asks, the SA comes, and from then on packets pass.
TEST(KernelEsp, AnSaOnDemandCarriesWhatAskedForIt) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    const TunnelSpec spec;
    ASSERT_TRUE(kernels.b->install(states_of(spec, 'b'), policies_of(spec, 'b')));
    ASSERT_TRUE(kernels.a->install({}, policies_of(spec, 'a')));
    EXPECT_EQ(exchange(hosts, spec, 1, 100), 0);
    const auto acquires = events_of<xfrm::Acquire>(*kernels.a, 1);
    ASSERT_EQ(acquires.size(), 1U);
    EXPECT_EQ(acquires.front().wanted.destination, outer(spec, 'b'));
    EXPECT_EQ(acquires.front().packet.destination.address, inner(spec, 'b'));
    const auto installed = kernels.a->install(states_of(spec, 'a'), {});
    ASSERT_TRUE(installed) << installed.error().message;
    EXPECT_EQ(exchange(hosts, spec), 4) << errors_of(hosts.a) << errors_of(hosts.b);
    EXPECT_EQ(kernels.a->states()->size(), 2U) << "the larval state is gone";
  });
}

TEST(KernelEsp, TellsWhenThePeersNatMoves) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    TunnelSpec spec;
    spec.encapsulated = true;
    const Socket natt_a(hosts.a, outer(spec, 'a'), 4501, true);
    const Socket natt_b(hosts.b, outer(spec, 'b'), 4500, true);
    auto states = states_of(spec, 'a');
    for (xfrm::State& state : states) {
      if (state.direction == driver::Direction::outbound) {
        state.encapsulation->source_port = 4501;  // NOLINT(bugprone-unchecked-optional-access): it is set
      }
    }
    ASSERT_TRUE(kernels.a->install(states, policies_of(spec, 'a')));
    ASSERT_TRUE(kernels.b->install(states_of(spec, 'b'), policies_of(spec, 'b')));
    exchange(hosts, spec, 1, 200);
    const auto mappings = events_of<xfrm::Mapping>(*kernels.b, 1);
    ASSERT_EQ(mappings.size(), 1U);
    EXPECT_EQ(mappings.front().id.spi, spi_to_b);
    EXPECT_EQ(mappings.front().old_port, 4500);
    EXPECT_EQ(mappings.front().new_port, 4501);
    EXPECT_EQ(mappings.front().new_address, outer(spec, 'a'));
  });
}

// Packets that ought to be protected and are not.
TEST(KernelEsp, DropsClearPacketsThatMatchAPolicy) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    const TunnelSpec spec;
    EXPECT_EQ(exchange(hosts, spec), 4) << "in the clear, before there are policies";
    ASSERT_TRUE(kernels.b->install(states_of(spec, 'b'), policies_of(spec, 'b')));
    EXPECT_EQ(exchange(hosts, spec, 2, 200), 0);
    EXPECT_NE(errors_of(hosts.b).find("XfrmInTmplMismatch=2"), std::string::npos) << errors_of(hosts.b);
  });
}

TEST(KernelEsp, DropsWhatAnotherKeyMade) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    const TunnelSpec spec;
    auto states = states_of(spec, 'b');
    for (xfrm::State& state : states) {
      state.encryption_key.span()[0] ^= 1;
    }
    ASSERT_TRUE(kernels.a->install(states_of(spec, 'a'), policies_of(spec, 'a')));
    ASSERT_TRUE(kernels.b->install(states, policies_of(spec, 'b')));
    EXPECT_EQ(exchange(hosts, spec, 2, 200), 0);
    EXPECT_EQ(kernels.b->state(states.back().id)->integrity_drops, 2U);
  });
}

TEST(KernelEsp, CarriesRoutesOverAnXfrmInterface) {
  in_namespace([] {
    const TwoHosts hosts;
    const auto created = xfrm::create_xfrm_interface("ipsec0", 42, ::if_nametoindex("wire"));
    if (!created && created.error().message.find("CONFIG_XFRM_INTERFACE") != std::string::npos) {
      GTEST_SKIP() << "SKIPPED: " << created.error().message;
    }
    ASSERT_TRUE(created) << created.error().message;
    run("ip route replace 10.2.0.0/24 dev ipsec0 src 10.1.0.1");
    hosts.b.enter();
    ASSERT_TRUE(xfrm::create_xfrm_interface("ipsec0", 42, ::if_nametoindex("wire")));
    run("ip route replace 10.1.0.0/24 dev ipsec0 src 10.2.0.1");
    hosts.a.enter();
    const Kernels kernels(hosts);
    TunnelSpec spec;
    spec.if_id = 42;
    ASSERT_TRUE(connect(kernels, spec));
    EXPECT_EQ(exchange(hosts, spec), 4) << errors_of(hosts.a) << errors_of(hosts.b);
  });
}

// A device that cannot is a refusal with the kernel's reason, and nothing is installed.
TEST(KernelEsp, RefusesADeviceThatCannotCarryPackets) {
  in_namespace([] {
    const TwoHosts hosts;
    const Kernels kernels(hosts);
    const TunnelSpec spec;
    auto states = states_of(spec, 'a');
    for (xfrm::State& state : states) {
      state.device = xfrm::DeviceOffload{.interface = ::if_nametoindex("wire"), .packet = true};
    }
    const auto installed = kernels.a->install(states, policies_of(spec, 'a'));
    ASSERT_FALSE(installed);
    EXPECT_NE(installed.error().message.find("ESP SPI"), std::string::npos) << installed.error().message;
    EXPECT_TRUE(kernels.a->states()->empty());
    EXPECT_TRUE(kernels.a->policies()->empty());
  });
}

}  // namespace
}  // namespace espgate::vm
