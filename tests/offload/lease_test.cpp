#include "lease.h"

#include <gtest/gtest.h>

#include <limits>

namespace espgate::offload {
namespace {

constexpr std::uint64_t two_to_32 = std::uint64_t{1} << 32;
constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();

TEST(Lease, BeginsAtTheNextNumber) {
  EXPECT_EQ(first_lease({.size = 100, .renew_before = 25}, true, 1), (Lease{.limit = 101, .low = 76}));
  EXPECT_EQ(first_lease({.size = 100, .renew_before = 25}, false, 500), (Lease{.limit = 600, .low = 575}));
}

TEST(Lease, IsExtendedByOneSize) {
  EXPECT_EQ(next_lease({.size = 100, .renew_before = 25}, true, 101), (Lease{.limit = 201, .low = 176}));
}

TEST(Lease, EndsWithTheNumberSpace) {
  const LeasePolicy policy{.size = 100, .renew_before = 25};
  EXPECT_EQ(next_lease(policy, false, two_to_32 - 50), (Lease{.limit = two_to_32, .low = two_to_32}));
  EXPECT_EQ(next_lease(policy, false, two_to_32), std::nullopt);
  EXPECT_EQ(next_lease(policy, true, two_to_32), (Lease{.limit = two_to_32 + 100, .low = two_to_32 + 75}));
  EXPECT_EQ(next_lease(policy, true, highest - 1), (Lease{.limit = highest, .low = highest}));
  EXPECT_EQ(next_lease(policy, true, highest), std::nullopt);
  EXPECT_EQ(first_lease(policy, false, two_to_32 + 7), (Lease{.limit = two_to_32, .low = two_to_32}));
}

TEST(Lease, OddPoliciesStayUsable) {
  EXPECT_EQ(first_lease({.size = 0, .renew_before = 0}, true, 1), (Lease{.limit = 2, .low = 2}));
  EXPECT_EQ(first_lease({.size = 10, .renew_before = 1000}, true, 1), (Lease{.limit = 11, .low = 1}));
  EXPECT_EQ(first_lease({.size = highest, .renew_before = 10}, false, 1),
            (Lease{.limit = two_to_32, .low = two_to_32}));
  EXPECT_EQ(first_lease({.size = highest, .renew_before = 10}, true, 1),
            (Lease{.limit = highest, .low = highest}));
}

// However leases follow each other, their limits rise strictly and no number past the end is leased.
TEST(Lease, ChainReachesTheEndExactly) {
  const LeasePolicy policy{.size = (std::uint64_t{1} << 28) + 12345, .renew_before = 1000};
  Lease lease = first_lease(policy, false, 1);
  int steps = 0;
  while (const auto next = next_lease(policy, false, lease.limit)) {
    ASSERT_GT(next->limit, lease.limit);
    ASSERT_LE(next->limit, two_to_32);
    ASSERT_LE(next->low, next->limit);
    ASSERT_GE(next->low, lease.limit);
    lease = *next;
    ASSERT_LT(++steps, 100);
  }
  EXPECT_EQ(lease.limit, two_to_32);
}

}  // namespace
}  // namespace espgate::offload
