// The SPD as policies of the kernel that runs the tests, in namespaces. SAs take a kernel with ESP: tests/vm.
#include "offload/kernel_path.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

#include "net_lab.h"

namespace espgate::offload {
namespace {

using xfrm::PolicyDirection;
using xfrm::testing::in_namespace;
using xfrm::testing::run;

constexpr unsigned device = 77;  // an index; the kernel takes any

SpdEntry entry(const std::string& name, std::string_view local, std::string_view remote,
               Action action = Action::protect, SaPlacement placement = SaPlacement::either) {
  SpdEntry made;
  made.name = name;
  made.action = action;
  made.selectors.push_back(
      {.local = IpRange::parse(local).value(),    // NOLINT(bugprone-unchecked-optional-access)
       .remote = IpRange::parse(remote).value(),  // NOLINT(bugprone-unchecked-optional-access)
       .protocol = std::nullopt});
  made.placement = placement;
  return made;
}

std::unique_ptr<KernelPath> open_path() {
  auto path = KernelPath::open();
  EXPECT_TRUE(path) << (path ? "" : path.error().message);
  if (!path) {
    return nullptr;
  }
  (*path)->set_engine_device(device);
  return *std::move(path);
}

// "out block 10.1.0.0/24 => 10.2.0.0/24", in the order of their priorities.
std::vector<std::string> policies() {
  const auto kernel = xfrm::Xfrm::open();
  EXPECT_TRUE(kernel);
  auto all = (*kernel)->policies();
  EXPECT_TRUE(all);
  std::ranges::sort(*all, [](const auto& a, const auto& b) {
    return std::pair(a.priority, a.id) < std::pair(b.priority, b.id);
  });
  std::vector<std::string> texts;
  for (const xfrm::KernelPolicy& policy : *all) {
    EXPECT_TRUE((*kernel)->owns(policy));
    const std::string what = policy.block                   ? "block"
                             : !policy.templates.empty()    ? "protect"
                             : policy.id.selector.interface ? "engine"
                                                            : "pass";
    texts.push_back(what + " " + to_string(policy.id));
  }
  return texts;
}

using Texts = std::vector<std::string>;
const Texts protected_net = {
    "engine out policy 10.1.0.0/24 => 10.2.0.0/24", "block in policy 10.2.0.0/24 => 10.1.0.0/24",
    "block out policy 10.1.0.0/24 => 10.2.0.0/24", "block forward policy 10.2.0.0/24 => 10.1.0.0/24"};

TEST(KernelPathPolicies, LeadProtectedTrafficToTheEngineOrNowhere) {
  in_namespace([] {
    auto path = open_path();
    ASSERT_TRUE(path);
    const std::vector<SpdEntry> spd = {entry("site.net", "10.1.0.0/24", "10.2.0.0/24")};
    ASSERT_TRUE(path->load(spd));
    EXPECT_EQ(policies(), protected_net);
    path.reset();
    EXPECT_EQ(policies(), protected_net) << "they must hold without a daemon";
    const auto released = KernelPath::release();
    ASSERT_TRUE(released);
    EXPECT_EQ(released->policies, 4U);
    EXPECT_TRUE(policies().empty());
  });
}

TEST(KernelPathPolicies, StandInTheOrderOfTheSpd) {
  in_namespace([] {
    auto path = open_path();
    ASSERT_TRUE(path);
    const std::vector<SpdEntry> spd = {
        entry("a.pass", "10.1.0.0/24", "10.2.0.9/32", Action::bypass),
        entry("a.kernel", "10.1.0.0/24", "10.2.0.0/24", Action::protect, SaPlacement::kernel_only),
        entry("a.drop", "10.1.0.0/24", "10.0.0.0/8", Action::discard),
        entry("a.never", "10.1.0.0/24", "10.2.0.0/24")};
    ASSERT_TRUE(path->load(spd));
    EXPECT_EQ(
        policies(),
        (Texts{"pass in policy 10.2.0.9/32 => 10.1.0.0/24", "pass out policy 10.1.0.0/24 => 10.2.0.9/32",
               "pass forward policy 10.2.0.9/32 => 10.1.0.0/24", "block in policy 10.2.0.0/24 => 10.1.0.0/24",
               "block out policy 10.1.0.0/24 => 10.2.0.0/24",
               "block forward policy 10.2.0.0/24 => 10.1.0.0/24", "block in policy 10.0.0.0/8 => 10.1.0.0/24",
               "block out policy 10.1.0.0/24 => 10.0.0.0/8", "block forward policy 10.0.0.0/8 => 10.1.0.0/24",
               "engine out policy 10.1.0.0/24 => 10.2.0.0/24"}));
    // The other way round, the wide one decides for all.
    const std::vector<SpdEntry> turned = {spd[2], spd[0]};
    ASSERT_TRUE(path->load(turned));
    const auto shown = policies();
    ASSERT_EQ(shown.size(), 6U);
    EXPECT_EQ(shown[0], "block in policy 10.0.0.0/8 => 10.1.0.0/24");
    EXPECT_EQ(shown[5], "pass forward policy 10.2.0.9/32 => 10.1.0.0/24");
  });
}

TEST(KernelPathPolicies, ARefusedSpdChangesNothing) {
  in_namespace([] {
    auto path = open_path();
    ASSERT_TRUE(path);
    ASSERT_TRUE(path->load(std::vector{entry("site.net", "10.1.0.0/24", "10.2.0.0/24")}));
    SpdEntry opaque = entry("site.opaque", "10.3.0.0/24", "10.4.0.0/24");
    opaque.selectors.front().protocol = 17;
    opaque.selectors.front().local_port_first = 65535;
    opaque.selectors.front().local_port_last = 0;
    const auto refused = path->load(std::vector{entry("site.new", "10.5.0.0/24", "10.6.0.0/24"), opaque});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("site.opaque"), std::string::npos) << refused.error().message;
    EXPECT_EQ(policies(), protected_net);
  });
}

TEST(KernelPathPolicies, TheNextStartCleansUpOnlyOurs) {
  in_namespace([] {
    run("ip xfrm policy add src 10.7.0.0/24 dst 10.8.0.0/24 dir out priority 5 action block");
    {
      auto crashed = open_path();
      ASSERT_TRUE(crashed);
      ASSERT_TRUE(crashed->load(std::vector{entry("site.old", "10.3.0.0/24", "10.4.0.0/24"),
                                            entry("site.net", "10.1.0.0/24", "10.2.0.0/24")}));
    }
    auto path = open_path();
    ASSERT_TRUE(path);
    path->set_engine_device(device + 1);
    ASSERT_TRUE(path->load(std::vector{entry("site.net", "10.1.0.0/24", "10.2.0.0/24")}));
    const auto kernel = xfrm::Xfrm::open();
    ASSERT_TRUE(kernel);
    const auto all = (*kernel)->policies();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->size(), 5U);
    EXPECT_EQ(std::ranges::count_if(*all, [&](const auto& p) { return !(*kernel)->owns(p); }), 1);
    EXPECT_EQ(std::ranges::count(*all, device + 1,
                                 [](const xfrm::KernelPolicy& p) { return p.id.selector.interface; }),
              1);
  });
}

TEST(KernelPathPolicies, ComeBackWhenSomebodyRemovesThem) {
  in_namespace([] {
    auto path = open_path();
    ASSERT_TRUE(path);
    ASSERT_TRUE(path->load(std::vector{entry("site.net", "10.1.0.0/24", "10.2.0.0/24")}));
    for (const char* removal :
         {"ip xfrm policy delete src 10.1.0.0/24 dst 10.2.0.0/24 dir out", "ip xfrm policy flush"}) {
      const std::uint64_t before = path->policies_restored();
      run(removal);
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (path->policies_restored() == before && std::chrono::steady_clock::now() < deadline) {
        pollfd ready{.fd = path->event_descriptor(), .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, 1000);
        ASSERT_TRUE(path->poll());
      }
      EXPECT_EQ(policies(), protected_net) << removal;
    }
    EXPECT_GE(path->policies_restored(), 5U);
  });
}

}  // namespace
}  // namespace espgate::offload
