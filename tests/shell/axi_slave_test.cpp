// The memory model sees what a master does wrong: a check that finds nothing must be able to find something.
#include "axi_slave.h"

#include <gtest/gtest.h>

namespace espgate::sim::test {
namespace {

class AxiSlaveTest : public ::testing::Test {
 protected:
  Memory memory{65536};
  AxiSlave slave{"port", memory};
  std::uint64_t cycle = 0;
  BeatWords data{};

  AxiAnswer step(AxiRequest request) {
    request.r_ready = true;
    request.b_ready = true;
    if (request.w_valid) {
      request.w_data = data.data();
    }
    const AxiAnswer answer = slave.drive(cycle++);
    slave.accept(request);
    return answer;
  }
  AxiAnswer until_answer() {
    for (int i = 0; i < 1000; ++i) {
      const AxiAnswer answer = step({});
      if (answer.r_valid || answer.b_valid) {
        return answer;
      }
    }
    ADD_FAILURE() << "no answer";
    return {};
  }
};

TEST_F(AxiSlaveTest, WritesAndReadsBackAfterItsLatency) {
  data.fill(0x01020304);
  step({.aw_valid = true, .aw_address = Memory::base + 128});
  step({.w_valid = true, .w_last = true, .w_strobe = 0xf0});
  EXPECT_EQ(memory.at(Memory::base + 132, 1)[0], 0) << "before it was acknowledged";
  const std::uint64_t asked = cycle;
  EXPECT_TRUE(until_answer().b_valid);
  EXPECT_GE(cycle - asked, 300U);
  EXPECT_EQ(memory.at(Memory::base + 131, 1)[0], 0) << "a byte without its strobe";
  step({.ar_valid = true, .ar_address = Memory::base + 128});
  const AxiAnswer answer = until_answer();
  EXPECT_TRUE(answer.r_valid && answer.r_last);
  EXPECT_EQ(answer.r_data[1], 0x01020304U);
  EXPECT_EQ(answer.r_data[0], 0U);
  EXPECT_TRUE(memory.violations.empty());
  EXPECT_TRUE(slave.quiet());
}

TEST_F(AxiSlaveTest, RefusesWhatIsOutsideOrFaulty) {
  step({.ar_valid = true, .ar_address = Memory::base + 65536});
  EXPECT_EQ(until_answer().r_response, 2);
  memory.faults = {{.first = Memory::base + 64, .bytes = 1, .reads = true, .writes = false}};
  step({.ar_valid = true, .ar_address = Memory::base + 64});
  EXPECT_EQ(until_answer().r_response, 2);
  step({.ar_valid = true, .ar_address = Memory::base});
  EXPECT_EQ(until_answer().r_response, 0);
}

TEST_F(AxiSlaveTest, SeesABurstAcross4KiB) {
  step({.ar_valid = true, .ar_address = Memory::base + 4096 - 128, .ar_length = 1});
  EXPECT_TRUE(memory.violations.empty());
  step({.ar_valid = true, .ar_address = Memory::base + 4096 - 128, .ar_length = 2});
  EXPECT_EQ(memory.violations.size(), 1U);
}
TEST_F(AxiSlaveTest, SeesAnAddressThatIsNotAligned) {
  step({.aw_valid = true, .aw_address = Memory::base + 32});
  EXPECT_EQ(memory.violations.size(), 1U);
}
TEST_F(AxiSlaveTest, SeesAWrongLast) {
  step({.aw_valid = true, .aw_address = Memory::base, .aw_length = 1});
  step({.w_valid = true, .w_last = true, .w_strobe = 1});
  step({.w_valid = true, .w_last = true, .w_strobe = 1});
  EXPECT_EQ(memory.violations.size(), 1U);
}
TEST_F(AxiSlaveTest, SeesWhatChangesWhileItWaits) {
  memory.timing.stall = 255;
  const AxiRequest read{.ar_valid = true, .ar_address = Memory::base};
  const AxiRequest write{.aw_valid = true, .aw_address = Memory::base};
  const AxiRequest beat{.w_valid = true, .w_last = true, .w_strobe = 1};
  while (step(read).ar_ready) {
  }
  step({});
  EXPECT_EQ(memory.violations.size(), 1U) << "AR withdrawn";
  while (step(write).aw_ready) {
  }
  step({.aw_valid = true, .aw_address = Memory::base + 64});
  EXPECT_GE(memory.violations.size(), 2U) << "AW changed";
  slave.forget();
  const std::size_t before = memory.violations.size();
  while (step(beat).w_ready) {
  }
  data[3] = 1;
  step(beat);
  EXPECT_EQ(memory.violations.size(), before + 1) << "W data changed";
}

}  // namespace
}  // namespace espgate::sim::test
