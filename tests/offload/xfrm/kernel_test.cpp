// Against the kernel that runs the tests, in namespaces: what takes no ESP, which that kernel may not have.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "net_lab.h"
#include "samples.h"

namespace espgate::offload::xfrm::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<Xfrm> open_xfrm() {
  auto xfrm = Xfrm::open();
  EXPECT_TRUE(xfrm) << (xfrm ? "" : xfrm.error().message);
  return xfrm ? *std::move(xfrm) : nullptr;
}

// Waits for an event of this kind, for at most 20 seconds.
template <typename T>
std::optional<T> next_event(Xfrm& xfrm) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (Clock::now() < deadline) {
    pollfd ready{.fd = xfrm.event_descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 1000);
    const auto events = xfrm.poll_events();
    EXPECT_TRUE(events);
    for (const Event& event : events.value_or(std::vector<Event>{})) {
      if (const T* wanted = std::get_if<T>(&event)) {
        return *wanted;
      }
    }
  }
  ADD_FAILURE() << "the event did not come";
  return std::nullopt;
}

std::vector<Policy> three_policies(std::uint32_t reqid) {
  return {
      make_policy(PolicyDirection::out, "10.1.0.0/24", "10.2.0.0/24", "192.0.2.1", "192.0.2.2", reqid),
      make_policy(PolicyDirection::in, "10.2.0.0/24", "10.1.0.0/24", "192.0.2.2", "192.0.2.1", reqid),
      make_policy(PolicyDirection::forward, "10.2.0.0/24", "10.1.0.0/24", "192.0.2.2", "192.0.2.1", reqid)};
}

std::vector<PolicyId> ids_of(const std::vector<Policy>& policies) {
  std::vector<PolicyId> ids;
  std::ranges::transform(policies, std::back_inserter(ids), &Policy::id);
  return ids;
}

TEST(XfrmKernel, HoldsPoliciesAsTheyWereGiven) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    std::vector<Policy> policies = three_policies(xfrm->tag().reqid(5));
    policies[0].id.selector.protocol = 6;
    policies[0].id.selector.destination_port = {.value = 0x1f00, .mask = 0xff00};
    policies[0].id.if_id = 9;
    policies[1].id.mark = {.value = 4, .mask = 0xff};
    policies.push_back(policies[0]);
    policies.back().id.selector.source = prefix("fd01::/64");
    policies.back().id.selector.destination = prefix("fd02::/64");
    policies.back().templates.clear();
    policies.back().block = true;
    const auto installed = xfrm->install({}, policies);
    ASSERT_TRUE(installed) << installed.error().message;
    const auto shown = xfrm->policies();
    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->size(), policies.size());
    for (const Policy& policy : policies) {
      const auto found = std::ranges::find(*shown, policy.id, &KernelPolicy::id);
      ASSERT_NE(found, shown->end()) << to_string(policy.id);
      EXPECT_EQ(found->priority, policy.priority);
      EXPECT_EQ(found->templates, policy.templates);
      EXPECT_EQ(found->block, policy.block);
      EXPECT_TRUE(xfrm->owns(*found)) << "a blocking policy has no reqid: its index says whose it is";
    }
    for (const auto& removed : xfrm->remove(ids_of(policies), {})) {
      EXPECT_TRUE(removed) << removed.error().message;
    }
    EXPECT_TRUE(xfrm->policies()->empty());
  });
}

TEST(XfrmKernel, TakesAnInstallationBackThatFailsHalfWay) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    std::vector<Policy> policies = three_policies(xfrm->tag().reqid(5));
    policies.push_back(policies.front());  // which is there by then
    const auto installed = xfrm->install({}, policies);
    ASSERT_FALSE(installed);
    EXPECT_NE(installed.error().message.find("File exists"), std::string::npos) << installed.error().message;
    EXPECT_NE(installed.error().message.find("out policy 10.1.0.0/24 => 10.2.0.0/24"), std::string::npos);
    EXPECT_TRUE(xfrm->policies()->empty());
  });
}

TEST(XfrmKernel, ReplacesAPolicyInOneStep) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    std::vector<Policy> policies = three_policies(xfrm->tag().reqid(5));
    ASSERT_TRUE(xfrm->install({}, policies));
    policies.front().priority = first_priority + 99;
    policies.front().templates.clear();
    policies.front().block = true;
    for (const auto& replaced : xfrm->replace(policies)) {
      EXPECT_TRUE(replaced);
    }
    const auto shown = xfrm->policies();
    ASSERT_EQ(shown->size(), 3U);
    const auto found = std::ranges::find(*shown, policies.front().id, &KernelPolicy::id);
    ASSERT_NE(found, shown->end());
    EXPECT_EQ(found->priority, first_priority + 99);
    EXPECT_TRUE(found->block);
    EXPECT_TRUE(xfrm->owns(*found));
  });
}

TEST(XfrmKernel, TakesManyPoliciesInOneCall) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    std::vector<Policy> policies;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      Policy policy = three_policies(xfrm->tag().reqid(5)).front();
      policy.id.selector.destination = {IpAddress::v4(0x0a020000 + i), 32};
      policy.priority = first_priority + i;
      policies.push_back(policy);
    }
    const auto installed = xfrm->install({}, policies);
    ASSERT_TRUE(installed) << installed.error().message;
    EXPECT_EQ(xfrm->policies()->size(), 3000U);
    EXPECT_TRUE(xfrm->resync()->empty());
    EXPECT_TRUE(
        std::ranges::all_of(xfrm->remove(ids_of(policies), {}), [](const auto& r) { return r.has_value(); }));
    EXPECT_TRUE(xfrm->policies()->empty());
  });
}

TEST(XfrmKernel, CleansUpWhatACrashLeftAndNothingElse) {
  in_namespace([] {
    {
      const auto crashed = open_xfrm();
      ASSERT_TRUE(crashed);
      std::vector<Policy> policies = three_policies(crashed->tag().reqid(5));
      policies.front().templates.clear();
      policies.front().block = true;
      ASSERT_TRUE(crashed->install({}, policies));
      ASSERT_TRUE(crashed->allocate_spi({.source = address("192.0.2.2"),
                                         .destination = address("192.0.2.1"),
                                         .protocol = Protocol::esp,
                                         .mode = driver::Mode::tunnel,
                                         .reqid = crashed->tag().reqid(5)}));
    }
    run("ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out priority 1048586 tmpl src 192.0.2.1 dst "
        "192.0.2.2 "
        "proto esp reqid 5 mode tunnel");
    run("ip xfrm policy add src 10.7.0.0/24 dst 10.8.0.0/24 dir out action block");
    run("ip xfrm state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp reqid 5 mode tunnel >/dev/null");
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const std::vector<Policy> mine = {make_policy(PolicyDirection::out, "10.3.0.0/24", "10.4.0.0/24",
                                                  "192.0.2.1", "192.0.2.2", xfrm->tag().reqid(1))};
    ASSERT_TRUE(xfrm->install({}, mine));
    const auto difference = xfrm->resync();
    ASSERT_TRUE(difference);
    EXPECT_EQ(difference->policies_unknown.size(), 3U);
    EXPECT_EQ(difference->states_unknown.size(), 1U);
    const auto cleaned = xfrm->clean_up();
    ASSERT_TRUE(cleaned) << cleaned.error().message;
    EXPECT_EQ(cleaned->policies, 3U);
    EXPECT_EQ(cleaned->states, 1U);
    EXPECT_EQ(xfrm->policies()->size(), 3U) << "two foreign ones, and the one of this run";
    EXPECT_EQ(xfrm->states()->size(), 1U) << "the foreign one";
    EXPECT_TRUE(xfrm->resync()->empty());
  });
}

TEST(XfrmKernel, NoticesWhatOthersChange) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const std::vector<Policy> policies = three_policies(xfrm->tag().reqid(5));
    ASSERT_TRUE(xfrm->install({}, policies));
    EXPECT_TRUE(xfrm->poll_events()->empty()) << "its own changes are no news";
    run("ip xfrm policy delete src 10.1.0.0/24 dst 10.2.0.0/24 dir out");
    const auto removed = next_event<ForeignChange>(*xfrm);
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->what, ForeignChange::What::policy_removed);
    EXPECT_EQ(removed->policy, policies.front().id);
    const auto difference = xfrm->resync();
    ASSERT_TRUE(difference);
    EXPECT_EQ(difference->policies_missing, std::vector{policies.front().id});
    EXPECT_TRUE(difference->policies_unknown.empty());
    EXPECT_TRUE(xfrm->resync()->empty()) << "told once";
    run("ip xfrm policy flush");
    const auto flushed = next_event<ForeignChange>(*xfrm);
    ASSERT_TRUE(flushed);
    EXPECT_EQ(flushed->what, ForeignChange::What::flushed);
    EXPECT_EQ(xfrm->resync()->policies_missing.size(), 2U);
  });
}

// A packet that hits a policy without a state; larval states expire on their own.
TEST(XfrmKernel, AsksForAnSaOnDemand) {
  in_namespace([] {
    run("sysctl -qw net.core.xfrm_acq_expires=1");
    const TwoHosts hosts;
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const std::uint32_t reqid = xfrm->tag().reqid(5);
    const std::vector<Policy> policies = {
        make_policy(PolicyDirection::out, "10.1.0.0/24", "10.2.0.0/24", "192.0.2.1", "192.0.2.2", reqid)};
    ASSERT_TRUE(xfrm->install({}, policies));
    const int udp = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ASSERT_GE(udp, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(4242);
    to.sin_addr.s_addr = htonl(0x0a020001);
    ::sendto(udp, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    const auto acquire = next_event<Acquire>(*xfrm);
    ASSERT_TRUE(acquire);
    EXPECT_EQ(acquire->wanted, policies.front().templates.front());
    EXPECT_EQ(acquire->packet.source, prefix("10.1.0.1"));
    EXPECT_EQ(acquire->packet.destination, prefix("10.2.0.1"));
    EXPECT_EQ(acquire->packet.protocol, 17);
    EXPECT_EQ(acquire->packet.destination_port, (PortMatch{.value = 4242, .mask = 0xffff}));
    EXPECT_EQ(acquire->policy_index, xfrm->policies()->front().index);
    const auto expire = next_event<Expire>(*xfrm);
    ASSERT_TRUE(expire);
    EXPECT_TRUE(expire->hard);
    EXPECT_EQ(expire->reqid, reqid);
    EXPECT_EQ(expire->id.destination, address("192.0.2.2"));
    ::close(udp);
  });
}

TEST(XfrmKernel, AllocatesSpis) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const SpiRequest request{.source = address("2001:db8::2"),
                             .destination = address("2001:db8::1"),
                             .protocol = Protocol::esp,
                             .mode = driver::Mode::tunnel,
                             .reqid = xfrm->tag().reqid(3)};
    const auto first = xfrm->allocate_spi(request);
    const auto second = xfrm->allocate_spi(request);
    ASSERT_TRUE(first && second) << first.error().message;
    EXPECT_NE(*first, *second);
    EXPECT_GE(std::min(*first, *second), 256U);
    const auto larval = xfrm->state({request.destination, *first, Protocol::esp, {}});
    ASSERT_TRUE(larval) << larval.error().message;
    EXPECT_EQ(larval->reqid, request.reqid);
    EXPECT_FALSE(xfrm->state({request.destination, 255, Protocol::esp, {}}));
  });
}

// The socket's buffer runs full when nobody reads, and the kernel says so once.
TEST(XfrmKernel, SaysThatEventsWereLostAndStartsAnew) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const int small = 4096;
    ASSERT_EQ(::setsockopt(xfrm->event_descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    const auto other = Xfrm::open(Tag{0xe592});
    ASSERT_TRUE(other);
    std::vector<Policy> policies;
    for (std::uint32_t i = 0; i < 200; ++i) {
      policies.push_back(three_policies((*other)->tag().reqid(1)).front());
      policies.back().id.selector.destination = {IpAddress::v4(0x0a020000 + i), 32};
    }
    ASSERT_TRUE((*other)->install({}, policies));
    EXPECT_TRUE(next_event<EventsLost>(*xfrm));
    const auto difference = xfrm->resync();
    ASSERT_TRUE(difference);
    EXPECT_TRUE(difference->empty()) << "another tag's policies are not ours";
    EXPECT_EQ(xfrm->clean_up()->policies, 0U);
    EXPECT_EQ(xfrm->policies()->size(), 200U);
  });
}

// Every suite has an answer, be it no, and no trace of the question stays.
TEST(XfrmKernel, ProbesEveryAlgorithm) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    const auto support = xfrm->probe();
    ASSERT_TRUE(support) << support.error().message;
    EXPECT_EQ(support->size(), all_suites().size());
    for (const SuiteSupport& suite : *support) {
      EXPECT_NE(suite.offered, !suite.reason.empty()) << to_string(suite.suite) << ": " << suite.reason;
    }
    EXPECT_TRUE(xfrm->states()->empty());
    EXPECT_TRUE(xfrm->poll_events());
  });
}

TEST(XfrmKernel, ReadsTheCountersOfTheNamespace) {
  in_namespace([] {
    const auto counters = read_kernel_counters();
    ASSERT_TRUE(counters) << counters.error().message;
    EXPECT_GE(counters->size(), 20U);
    EXPECT_EQ(counters->front().name, "XfrmInError");
    EXPECT_TRUE(std::ranges::all_of(*counters, [](const KernelCounter& c) { return c.value == 0; }));
  });
}

TEST(XfrmKernel, RefusalsOfTheKernelAreTold) {
  in_namespace([] {
    const auto xfrm = open_xfrm();
    ASSERT_TRUE(xfrm);
    std::vector<State> states;
    states.push_back(make_state(gcm_128, 0x1001, "192.0.2.1", "192.0.2.2"));
    states.front().device = DeviceOffload{.interface = 4000, .packet = true};
    const auto installed = xfrm->install(states, {});
    ASSERT_FALSE(installed);
    EXPECT_NE(installed.error().message.find("ESP SPI 0x00001001 to 192.0.2.2"), std::string::npos)
        << installed.error().message;
    EXPECT_TRUE(xfrm->states()->empty());
    const auto interface = create_xfrm_interface("x", 0);
    ASSERT_FALSE(interface);
    EXPECT_NE(interface.error().message.find("if_id"), std::string::npos);
  });
}

}  // namespace
}  // namespace espgate::offload::xfrm::testing
