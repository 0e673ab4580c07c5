// Before any test, XRT is told to load the simulated card in the place of a driver for real ones.
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

class SimulatedCards : public ::testing::Environment {
 public:
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  void SetUp() override { ASSERT_EQ(::setenv("XILINX_XRT", ESPGATE_XRT_ROOT, 1), 0); }
};

const auto* const environment = ::testing::AddGlobalTestEnvironment(new SimulatedCards);

}  // namespace
