// What is XRT's own: images, exclusive use, memory banks, reset.
#include "xrt/xrt_card.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "card/card_engine.h"
#include "support/differential.h"
#include "support/harness.h"
#include "xrt_environment.h"

namespace espgate::driver::test {
namespace {

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

std::unique_ptr<xrt_card::XrtCard> open_card(const std::string& memory) {
  auto card = xrt_card::XrtCard::open("0", image(memory));
  EXPECT_TRUE(card) << card.error().message;
  return std::move(*card);
}

TEST(XrtCard, TakesTheBankThatAllPortsReach) {
  EXPECT_EQ(open_card("host")->bank().tag, "HOST[0]");
  EXPECT_TRUE(open_card("host")->bank().host);
  EXPECT_EQ(open_card("card")->bank().tag, "HBM[0]");
  EXPECT_FALSE(open_card("card")->bank().host);
  const auto none = xrt_engine("none");
  ASSERT_FALSE(none);
  EXPECT_SAYS(none.error().message, "no memory bank in common");
}

TEST(XrtCard, SaysWhatIsWrongWithAnImage) {
  const auto missing = make_xrt_engine({.device = "0", .xclbin = "/nonexistent/image.xclbin"});
  ASSERT_FALSE(missing);
  EXPECT_SAYS(missing.error().message, "/nonexistent/image.xclbin");
  const std::string path = ::testing::TempDir() + "/espgate_no_image.xclbin";
  std::stringstream whole;
  whole << std::ifstream(image("host"), std::ios::binary).rdbuf();
  const std::string bytes = whole.str();
  ASSERT_GT(bytes.size(), 2000U);
  const auto refused = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    const auto engine = make_xrt_engine({.device = "0", .xclbin = path});
    ASSERT_FALSE(engine);
    EXPECT_SAYS(engine.error().message, path);
  };
  for (const std::size_t length : {0UL, 7UL, 455UL, 456UL, 700UL, bytes.size() - 1}) {
    refused(bytes.substr(0, length));
  }
  std::string beyond = bytes;
  constexpr std::size_t first_section_size = 456 + 32;
  beyond[first_section_size + 5] = 1;
  refused(beyond);
}

TEST(XrtCard, SaysThatACardIsNotThere) {
  const auto none = make_xrt_engine({.device = "7", .xclbin = image("host")});
  ASSERT_FALSE(none);
  EXPECT_SAYS(none.error().message, "XRT device '7'");
}

TEST(XrtCard, MemoryOnTheCardIsACopy) {
  const auto card = open_card("card");
  const auto buffer = card->allocate(8192);
  ASSERT_TRUE(buffer) << buffer.error().message;
  EXPECT_FALSE((*buffer)->coherent());
  const ByteSpan bytes = (*buffer)->bytes();
  std::ranges::fill(bytes, std::uint8_t{1});
  (*buffer)->to_card(0, 4096);
  std::ranges::fill(bytes, std::uint8_t{2});
  (*buffer)->from_card(64, 64);
  EXPECT_EQ(bytes[63], 2);
  EXPECT_EQ(bytes[64], 1);
  EXPECT_EQ(bytes[127], 1);
  EXPECT_EQ(bytes[128], 2);
}

TEST(XrtCard, ABufferThatIsTooLargeIsSaid) {
  const auto card = open_card("host");
  const auto buffer = card->allocate(std::size_t{1} << 40U);
  ASSERT_FALSE(buffer);
  EXPECT_SAYS(buffer.error().message, "HOST[0]");
}

TEST(XrtCard, ResetForgetsEverything) {
  auto engine = card::CardEngine::create(open_card("host"), {.name = "xrt"});
  ASSERT_TRUE(engine) << engine.error().message;
  const OutboundSa sa = outbound_sa();
  const auto row = (*engine)->add_outbound(sa);
  ASSERT_TRUE(row);
  EXPECT_EQ(run_one(**engine, Direction::outbound, row->value, packet_of(40)).verdict, Verdict::ok);
  auto card = card::CardEngine::reset(std::move(*engine));
  ASSERT_TRUE(card) << card.error().message;
  engine = card::CardEngine::create(std::move(*card), {.name = "xrt"});
  ASSERT_TRUE(engine) << engine.error().message;
  EXPECT_EQ((*engine)->counters()->outbound, DirectionCounters{});
  EXPECT_EQ(run_one(**engine, Direction::outbound, row->value, packet_of(40)).verdict, Verdict::sa_invalid);
}

class XrtDifferential : public ::testing::TestWithParam<const char*> {};

TEST_P(XrtDifferential, AnswersAsTheSoftwareEngine) {
  const auto xrt = xrt_engine(GetParam());
  ASSERT_TRUE(xrt) << xrt.error().message;
  const Capabilities& capabilities = (*xrt)->capabilities();
  const auto software = make_software_engine({.outbound_sas = capabilities.outbound_sas,
                                              .inbound_sas = capabilities.inbound_sas,
                                              .spd_cache_entries = capabilities.spd_cache_entries});
  ASSERT_TRUE(software);
  DifferentialOptions options = options_of(1);
  options.batches = 6;
  options.reproduce = "xrt_tests --gtest_filter='*XrtDifferential*'";
  EXPECT_GT(compare(**software, **xrt, options).packets, 500U);
}

INSTANTIATE_TEST_SUITE_P(Memories, XrtDifferential, ::testing::Values("host", "card"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace espgate::driver::test
